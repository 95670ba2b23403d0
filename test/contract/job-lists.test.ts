import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, beforeEach, test } from 'node:test';
import fc from 'fast-check';
import { sql } from 'kysely';
import { createJobLists } from '../../src/adapters/job-lists.ts';
import { createVideoRecords } from '../../src/adapters/video-records.ts';
import type { JobId, VideoId } from '../../src/domain/ids.ts';
import type { JobLists, JobQuery } from '../../src/domain/job-lists.ts';
import { JOB_STATES, type JobState, type TaskState } from '../../src/domain/states.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';
import { newVideoId } from '../support/new-ids.ts';

/** Lists of jobs, tasks and workers, on rows as they stand in a real PostgreSQL. */
let database: TestDatabase;
let lists: JobLists;
before(async () => {
  database = await startDatabase();
  lists = createJobLists(database.db);
});
beforeEach(async () => {
  await sql`truncate videos, jobs, tasks, events, workers cascade`.execute(database.db);
});
after(() => database?.[Symbol.asyncDispose]());

async function video(): Promise<VideoId> {
  const videoId = newVideoId();
  await createVideoRecords(database.db).startUpload({ videoId, filename: 'a clip.mp4', contentType: 'video/mp4' });
  return videoId;
}

async function job(videoId: VideoId, generation = 1, state: JobState = 'running'): Promise<JobId> {
  const jobId = randomUUID() as JobId;
  await sql`
    insert into jobs (id, video_id, generation, state) values (${jobId}, ${videoId}, ${generation}, ${state})
  `.execute(database.db);
  return jobId;
}

type Row = { state?: TaskState; spec?: object; dueSeconds?: number; session?: string; worker?: string };

async function task(jobId: JobId, { state = 'queued', spec = {}, dueSeconds = 0, session, worker }: Row = {}) {
  const id = randomUUID();
  const whole = { kind: 'probe', ...spec };
  await sql`
    insert into tasks (id, job_id, video_id, kind, spec, state, due_at, session, worker, attempt, lease_until)
    select ${id}, id, video_id, ${whole.kind}, ${JSON.stringify(whole)}::jsonb, ${state},
      '2026-01-01T00:00:00Z'::timestamptz + make_interval(secs => ${dueSeconds}), ${session ?? null}, ${worker ?? null},
      1, case when ${state} = 'leased' then '2026-01-01T00:00:15Z'::timestamptz end
    from jobs where id = ${jobId}
  `.execute(database.db);
  return id;
}

test('pages of jobs skip and repeat nothing, newest first, whatever is filtered', async () => {
  const all: { id: JobId; state: JobState; videoId: VideoId }[] = [];
  for (let i = 0; i < 12; i++) {
    const videoId = await video();
    // One open job at most for each video.
    for (const [n, state] of (['failed', 'succeeded', JOB_STATES[i % JOB_STATES.length]!] as const).entries())
      all.push({ id: await job(videoId, n + 1, state), state, videoId });
  }
  // Three instants, one microsecond apart, with many jobs in each.
  await sql`update jobs set created_at = '2026-01-01T00:00:00Z'::timestamptz
    + make_interval(secs => (generation - 1) * 0.000001)`.execute(database.db);
  const { rows } = await sql<{ id: JobId }>`select id from jobs order by created_at desc, id desc`.execute(database.db);
  const order = rows.map(({ id }) => id);
  const anyState = fc.option(fc.constantFrom(...JOB_STATES), { nil: undefined });
  const anyVideo = fc.option(fc.constantFrom(...all.map(({ videoId }) => videoId)), { nil: undefined });
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 40 }), anyState, anyVideo, async (limit, state, videoId) => {
      const filter = { limit, ...(state && { state }), ...(videoId && { videoId }) };
      const wanted = all.filter((one) => (!state || one.state === state) && (!videoId || one.videoId === videoId));
      assert.deepEqual(
        await everyJob(filter),
        order.filter((id) => wanted.some((one) => one.id === id)),
      );
    }),
    { numRuns: 30 },
  );
});

async function everyJob(query: JobQuery): Promise<string[]> {
  const ids: string[] = [];
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page = await lists.jobs(cursor === undefined ? query : { ...query, cursor });
    ids.push(...page.jobs.map(({ id }) => id));
    cursor = page.next;
  }
  return ids;
}

test('a job tells of its tasks, what they wait for, and what it failed with', async () => {
  const videoId = await video();
  const jobId = await job(videoId, 1, 'failed');
  for (const state of ['done', 'done', 'leased', 'queued', 'cancelled'] as const) await task(jobId, { state });
  await sql`update tasks set paused_reason = 'store_unavailable', failures = 2 where state = 'queued'`.execute(
    database.db,
  );
  await sql`update jobs set error_code = 'not_a_video', error_message = 'no', error_tail = 'moov'`.execute(database.db);
  const found = await lists.job(jobId);
  assert.deepEqual(
    [found?.videoId, found?.title, found?.tasks, found?.attempts, found?.pausedReason, found?.error],
    [
      videoId,
      'a clip',
      { queued: 1, leased: 1, done: 2, dead: 0, cancelled: 1 },
      3,
      'store_unavailable',
      { code: 'not_a_video', message: 'no', tail: 'moov' },
    ],
  );
  assert.equal(await lists.job(randomUUID() as JobId), undefined);
});

test('tasks come in the order in which they are due, page by page', async () => {
  const jobId = await job(await video());
  const other = await job(await video());
  const due: { id: string; dueSeconds: number }[] = [];
  for (const dueSeconds of [5, 1, 3, 3, 3, 2, 4]) due.push({ id: await task(jobId, { dueSeconds }), dueSeconds });
  await task(other);
  due.sort((one, two) => one.dueSeconds - two.dueSeconds || (one.id < two.id ? -1 : 1));
  const ids: string[] = [];
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page = await lists.tasks({ limit: 2, jobId, ...(cursor === undefined ? {} : { cursor }) });
    ids.push(...page.tasks.map(({ id }) => id));
    cursor = page.next;
  }
  assert.deepEqual(
    ids,
    due.map(({ id }) => id),
  );
  await assert.rejects(lists.tasks({ limit: 1, cursor: '1_x' }), { code: 'bad_cursor' });
});

test('open tasks are those that are queued or leased, whatever job they are of', async () => {
  const videoId = await video();
  const jobId = await job(videoId);
  for (const state of ['queued', 'leased', 'done', 'dead', 'cancelled'] as const) await task(jobId, { state });
  await task(await job(await video()));
  const statesOf = async (query: object): Promise<string[]> =>
    (await lists.tasks({ limit: 10, ...query })).tasks.map(({ state }) => state).sort();
  assert.deepEqual(await statesOf({ state: 'open' }), ['leased', 'queued', 'queued']);
  assert.deepEqual(await statesOf({ state: 'open', videoId }), ['leased', 'queued']);
  assert.deepEqual(await statesOf({ state: 'dead' }), ['dead']);
});

test('a task that is queued says what it waits for, and a leased one until when it must be renewed', async () => {
  const jobId = await job(await video());
  const [publish, later, paused, leased] = [
    await task(jobId, { dueSeconds: 1 }),
    await task(jobId, { dueSeconds: 2 }),
    await task(jobId, { dueSeconds: 3 }),
    await task(jobId, { dueSeconds: 4, state: 'leased', worker: 'worker-1' }),
  ];
  await sql`update tasks set blocked = true where id = ${publish}`.execute(database.db);
  await sql`update tasks set not_before = '2100-01-01T00:00:00Z', failures = 1, error_code = 'ffmpeg_failed',
    error_tail = 'Invalid data' where id = ${later}`.execute(database.db);
  await sql`update tasks set paused_reason = 'store_unavailable' where id = ${paused}`.execute(database.db);
  const { tasks } = await lists.tasks({ limit: 10, jobId });
  assert.deepEqual(
    tasks.map(({ id, blocked, notBefore, pausedReason, leaseUntil }) => [
      id,
      blocked,
      notBefore,
      pausedReason,
      leaseUntil,
    ]),
    [
      [publish, true, null, null, null],
      [later, false, '2100-01-01T00:00:00.000Z', null, null],
      [paused, false, null, 'store_unavailable', null],
      [leased, false, null, null, '2026-01-01T00:00:15.000Z'],
    ],
  );
  assert.deepEqual(tasks[1]?.error, { code: 'ffmpeg_failed', message: 'ffmpeg_failed', tail: 'Invalid data' });
});

test('an encode task says which rungs it makes of which seconds, an audio task which rendition', async () => {
  const jobId = await job(await video());
  const grid = { frameRate: { numerator: 30_000, denominator: 1001 } };
  const chunk = { firstFrame: 300, frames: 150 };
  const rungs = [{ rendition: 'v720' }, { rendition: 'v360' }];
  await task(jobId, { spec: { kind: 'encode', grid, chunk, rungs }, dueSeconds: 1 });
  await task(jobId, { spec: { kind: 'audio', plan: { rendition: 'a-en' } }, dueSeconds: 2 });
  const { tasks } = await lists.tasks({ limit: 10, jobId });
  assert.deepEqual(
    tasks.map(({ kind, renditions, fromSeconds, toSeconds }) => [kind, renditions, fromSeconds, toSeconds]),
    [
      ['encode', ['v720', 'v360'], 10.01, 15.015],
      ['audio', ['a-en'], null, null],
    ],
  );
});

test('workers are listed connected ones first, each with the tasks that it holds', async () => {
  const [here, gone] = [randomUUID(), randomUUID()];
  for (const [session, worker, left] of [
    [gone, 'worker-1', true],
    [here, 'worker-2', false],
  ] as const)
    await sql`
      insert into workers (session, worker, version, cores, memory_mib, encoders, orchestrator, connection,
        disconnected_at)
      values (${session}, ${worker}, '1.0', 4, 2048, '{libx264,aac}', 'orchestrator-1', gen_random_uuid(),
        case when ${left} then clock_timestamp() end)
    `.execute(database.db);
  const jobId = await job(await video());
  const held = await task(jobId, { state: 'leased', session: here, worker: 'worker-2' });
  await task(jobId, { state: 'done', session: here, worker: 'worker-2' });
  const { workers } = await lists.workers();
  assert.deepEqual(
    workers.map(({ worker, session, cores, memoryMib, encoders, orchestrator, disconnectedAt, tasks }) => [
      worker,
      session,
      cores,
      memoryMib,
      encoders,
      orchestrator,
      disconnectedAt === null,
      tasks.map(({ id, kind, attempt }) => [id, kind, attempt]),
    ]),
    [
      ['worker-2', here, 4, 2048, ['libx264', 'aac'], 'orchestrator-1', true, [[held, 'probe', 1]]],
      ['worker-1', gone, 4, 2048, ['libx264', 'aac'], 'orchestrator-1', false, []],
    ],
  );
});
