import assert from 'node:assert/strict';
import { test } from 'node:test';
import { logLine } from '../../../test/support/log-lines.ts';
import { tellVideo } from './tell-video.ts';
import { videoStory } from './video-story.ts';

const VIDEO = '0123456789abcdef';
const JOB = { videoId: VIDEO, jobId: '11111111-0000-4000-8000-000000000000' };
const first = { ...JOB, taskId: '22222222-0000-4000-8000-000000000000', attempt: 1, kind: 'encode' };
const second = { ...first, attempt: 2 };
const failure = { cause: 'worker', code: 'worker_lost', message: 'its worker is gone' };

const lines = [
  logLine('upload_started', 0, 'public', { videoId: VIDEO, filename: 'clip.mp4' }),
  logLine('job_started', 1, 'orchestrator', { ...JOB, generation: 1 }),
  logLine('task_leased', 2, 'orchestrator', { ...first, worker: 'worker-1', leaseMs: 15_000 }),
  logLine('task_claimed', 2.01, 'worker-1', { ...first, token: 1 }),
  logLine('segment_stored', 3, 'worker-1', { ...first, rendition: 'v720', segment: 0, bytes: 500, outcome: 'stored' }),
  logLine('worker_gone', 5, 'orchestrator', { ...first, worker: 'worker-1' }),
  logLine('task_failed', 5.001, 'orchestrator', {
    ...first,
    worker: 'worker-1',
    outcome: 'retry',
    delayMs: 800,
    ...failure,
  }),
  logLine('task_leased', 6, 'orchestrator', { ...second, worker: 'worker-2', leaseMs: 15_000 }),
  logLine('segments_reused', 6.1, 'worker-2', { ...second, rendition: 'v720', segments: 1 }),
  logLine('segment_stored', 7, 'worker-2', { ...second, rendition: 'v720', segment: 2, bytes: 500, outcome: 'stored' }),
  logLine('segment_stored', 7, 'worker-2', { ...second, rendition: 'v720', segment: 1, bytes: 500, outcome: 'stored' }),
  logLine('task_done', 8, 'orchestrator', second),
  logLine('task_settled', 8.002, 'worker-2', { ...second, outcome: 'done', durationMs: 1990 }),
  logLine('job_succeeded', 9, 'orchestrator', { ...JOB, generation: 1 }),
  logLine('session_started', 10, 'public', {
    sessionId: '40frnw934kxvg6vw',
    videoId: VIDEO,
    file: 'index.m3u8',
    expiresAt: '2026-11-24T00:00:00.000Z',
  }),
];
const around = [
  logLine('child_exited', 4.9, 'up', { child: 'worker-1', exitCode: null, signal: 'SIGKILL', expected: false }),
  logLine('child_exited', 6.5, 'up', { child: 'worker-1', exitCode: null, signal: 'SIGKILL', expected: false }),
];

test('a video is told from its upload to its end, with each attempt where it was lent and how it ended', () => {
  const told = tellVideo(videoStory(VIDEO, lines, around)).map((line) => line.trim());
  assert.deepEqual(told, [
    'Video 0123456789abcdef: from 2026-11-23 00:00:00.000 UTC, 10.0 s',
    '+0.000 s  the upload of "clip.mp4" begins at public',
    '+1.000 s  job 11111111 of generation 1 starts at orchestrator',
    '+2.000 s  encode 22222222 by worker-1: failed after 3.0 s with worker_gone (cause: worker): its worker is gone; tried again in 800 ms; stored v720 0',
    '+4.900 s  the process of worker-1 ended: SIGKILL',
    '+6.000 s  encode 22222222, attempt 2, by worker-2: done after 2.0 s; stored v720 1–2, v720: 1 segment of an earlier attempt',
    '+9.000 s  job 11111111 has succeeded',
    'In all: 1 task, 2 attempts, 1 setback, 3 segments stored (1.5 kB), by worker-1, worker-2.',
    'Played in 1 session: 40frnw934kxvg6vw',
  ]);
});

test('an attempt of which only the worker speaks is told as far as it goes', () => {
  const [attempt] = videoStory(VIDEO, lines.slice(3, 5), []).entries;
  assert.ok(attempt?.is === 'attempt');
  assert.deepEqual([attempt.worker, attempt.end, attempt.endedAt], ['worker-1', 'open', undefined]);
});

test('what is done is done, also where its worker heard too late that it had lost the task', () => {
  const late = logLine('task_settled', 8.5, 'worker-1', { ...second, outcome: 'lost', durationMs: 2000 });
  const entries = videoStory(VIDEO, [...lines, late], []).entries;
  const attempt = entries.find((entry) => entry.is === 'attempt' && entry.attempt === 2);
  assert.equal(attempt?.is === 'attempt' && attempt.end, 'done');
});

test('an attempt that waits for the store is told as paused, although its worker says that it failed', () => {
  const code = { code: 'store_unavailable', message: 'the store is away' };
  const paused = [
    lines[3] as (typeof lines)[number],
    logLine('task_failed', 4, 'worker-1', { ...first, cause: 'store', ...code }),
    logLine('task_paused', 4.01, 'orchestrator', { ...first, worker: 'worker-1', delayMs: 200, ...code }),
    logLine('task_settled', 4.02, 'worker-1', { ...first, outcome: 'failed', durationMs: 2000 }),
  ];
  const [, told] = tellVideo(videoStory(VIDEO, paused, []));
  assert.match(
    told ?? '',
    /encode 22222222 by worker-1: paused after 2\.0 s with store_unavailable .*; tried again in 200 ms, which/,
  );
});
