import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { JobEntry, TaskEntry, WorkerEntry } from '../../domain/job-lists.ts';
import { parseClientArgs } from './client-args.ts';
import { findJob } from './find-job.ts';
import { jobTable } from './jobs.ts';
import { ageOf } from './show.ts';
import { taskTable } from './tasks.ts';
import { workerTable } from './workers.ts';

const NOW = Date.parse('2026-01-01T12:00:00Z');
const JOB_ID = '34a9c601-5ddb-4e77-b818-afaf1270b183';
const VIDEO_ID = 'f5xa5bq4e4xsmp4f';

const job: JobEntry = {
  id: JOB_ID,
  videoId: VIDEO_ID,
  title: 'A title that is far too long to be shown whole in the width of a small terminal',
  generation: 1,
  state: 'running',
  progress: 0.559,
  tasks: { queued: 1, leased: 2, done: 3, dead: 0, cancelled: 0 },
  attempts: 1,
  pausedReason: null,
  error: null,
  createdAt: '2026-01-01T11:58:00Z',
  startedAt: null,
  endedAt: null,
};

const task: TaskEntry = {
  id: '95009ff3-5ddb-4e77-b818-afaf1270b183',
  jobId: JOB_ID,
  videoId: VIDEO_ID,
  kind: 'encode',
  state: 'queued',
  renditions: ['v720', 'v480', 'v360'],
  fromSeconds: 10.01,
  toSeconds: 15.015,
  attempt: 1,
  failures: 0,
  worker: null,
  blocked: false,
  leaseUntil: null,
  notBefore: null,
  pausedReason: null,
  startedAt: null,
  endedAt: null,
  error: null,
};

const worker: WorkerEntry = {
  worker: 'worker-1',
  session: JOB_ID,
  version: '0.1.0',
  cores: 4,
  memoryMib: 8192,
  encoders: ['libx264', 'aac'],
  orchestrator: 'orchestrator',
  connectedAt: '2026-01-01T09:00:00Z',
  disconnectedAt: null,
  seenAt: '2026-01-01T11:59:58Z',
  tasks: [],
};

/** The second line of a table. */
const rowOf = (text: string): string => text.split('\n')[1] ?? '';

test('every table fits a terminal of 80 columns', () => {
  const failed = { ...job, error: { code: 'source_unsupported', message: '', tail: null } };
  const late = {
    ...task,
    notBefore: '2026-01-01T12:00:30Z',
    error: { code: 'ffmpeg_failed', message: '', tail: null },
  };
  const busy = {
    ...worker,
    tasks: [{ id: '', jobId: JOB_ID, videoId: '', kind: 'encode', attempt: 1, startedAt: null }],
  };
  for (const text of [jobTable([failed], NOW, 80), taskTable([late], NOW, 80), workerTable([busy], NOW, 80)])
    for (const line of text.split('\n')) assert.ok([...line].length <= 80, line);
});

test('a job is a line with what is done, and with what it waits for or failed on', () => {
  assert.equal(
    rowOf(jobTable([job], NOW, 80)),
    '34a9c601  f5xa5bq4e4xsmp4f  running    3/6   55%  2 min       A title that is f…',
  );
  assert.match(jobTable([{ ...job, pausedReason: 'store_unavailable' }], NOW, 200), / {2}waits: store_unavailable {2}/);
  const failed = { ...job, error: { code: 'not_a_video', message: '', tail: null } };
  assert.match(jobTable([failed], NOW, 200), / {2}not_a_video {2}/);
});

test('a task says why nobody works on it', () => {
  const why = (change: Partial<TaskEntry>): string =>
    rowOf(taskTable([{ ...task, ...change }], NOW, Infinity)).slice(
      '95009ff3  34a9c601  encode  v720 v480 v360  10–15  '.length,
    );
  const error = { code: 'ffmpeg_failed', message: '', tail: null };
  assert.match(why({ blocked: true }), /waits: all others$/);
  assert.match(why({ pausedReason: 'store_unavailable', error }), /waits: store_unavailable$/);
  assert.match(why({ notBefore: '2026-01-01T12:00:30.000Z', error }), /ffmpeg_failed, again after 12:00:30$/);
  assert.match(why({ state: 'dead', error }), /dead .*ffmpeg_failed$/);
  assert.doesNotMatch(why({ state: 'done', error }), /ffmpeg_failed/);
});

test('a worker is busy, idle or gone', () => {
  const held = { id: '', jobId: JOB_ID, videoId: '', kind: 'encode', attempt: 1, startedAt: null };
  assert.match(
    workerTable([{ ...worker, tasks: [held] }], NOW, 200),
    /worker-1 {2}busy {3}3 h {3}2 s .* encode 34a9c601 /,
  );
  assert.match(workerTable([worker], NOW, 200), /worker-1 {2}idle/);
  const gone = { ...worker, disconnectedAt: '2026-01-01T11:50:00Z' };
  assert.match(workerTable([gone], NOW, 200), /worker-1 {2}gone {3}10 min/);
});

test('an age is told in one unit, and never in the future', () => {
  const ages = [
    ['2026-01-01T12:00:05Z', '0 s'],
    ['2026-01-01T11:59:01Z', '59 s'],
    ['2026-01-01T11:59:00Z', '1 min'],
    ['2026-01-01T10:59:00Z', '1 h'],
    ['2025-12-25T11:00:00Z', '7 d'],
  ] as const;
  for (const [iso, text] of ages) assert.equal(ageOf(iso, NOW), text);
  assert.equal(ageOf(null, NOW), '');
});

test('a command refuses what it does not know', () => {
  const parse = (...args: string[]) =>
    parseClientArgs(args, { json: { type: 'boolean' } }, ([name]) => name && 'no names.');
  for (const args of [['--wrong'], ['name'], ['--url', 'ftp://a'], ['--url', 'nonsense'], ['--url']])
    assert.throws(() => parse(...args), { name: 'ConfigError' }, args.join(' '));
  assert.deepEqual(parse('--json', '--url', 'http://a:1/x'), {
    server: 'http://a:1',
    names: [],
    values: { json: true },
  });
});

test('a job is found by its id, by the beginning of it, or by its video', async () => {
  const jobs = [JOB_ID, '34a9c601-0000-4000-8000-000000000000', '0463aff4-0000-4000-8000-000000000000'];
  const answers: Record<string, unknown> = {
    [`/videos/${VIDEO_ID}`]: { job: { id: JOB_ID } },
    '/videos/0123456789abcdef': { job: null },
    '/jobs?limit=1000': { jobs: jobs.map((id) => ({ id })) },
  };
  const server = createServer((request, response) => response.end(JSON.stringify(answers[request.url ?? '']))).listen(
    0,
  );
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    assert.equal(await findJob(url, JOB_ID), JOB_ID);
    assert.equal(await findJob(url, VIDEO_ID), JOB_ID);
    assert.equal(await findJob(url, '0463aff4'), jobs[2]);
    await assert.rejects(findJob(url, '34a9c601'), /more than one/);
    await assert.rejects(findJob(url, 'ffffffff'), /no job/);
    await assert.rejects(findJob(url, '0123456789abcdef'), /no job yet/);
    await assert.rejects(findJob(url, 'nonsense'), /neither a job nor a video/);
  } finally {
    server.close();
  }
});
