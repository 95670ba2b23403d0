import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, beforeEach, test } from 'node:test';
import fc from 'fast-check';
import { sql } from 'kysely';
import type { VideoId } from '../../src/domain/ids.ts';
import { JOB_STATES, TASK_STATES, VIDEO_STATES } from '../../src/domain/states.ts';
import type { LentTask } from '../../src/domain/tasks.ts';
import { planLadder, planVideo } from '../../src/orchestrate/plan-video.ts';
import { finishEverything } from '../support/finish-everything.ts';
import { decide, factsOf, JobWorld, LEASE_MS, workerOf } from '../support/job-world.ts';

let world: JobWorld;
before(async () => {
  world = await JobWorld.open();
});
beforeEach(() => world.empty());
after(() => world.close());

test('where nothing was changed by hand, at whatever moment, there is nothing to repair', async () => {
  const nothing = async (): Promise<void> => assert.deepEqual(await world.one.reconcile(), []);
  await nothing();
  await world.uploaded();
  await nothing();
  const probe = await (async () => {
    await world.one.startQueuedJobs(10);
    await nothing();
    return world.lend();
  })();
  await nothing();
  await world.planFrom(probe, 8);
  await nothing();
  await world.fail(await world.lend());
  await nothing();
  await world.finishWork();
  await nothing();
  await finishEverything(world);
  await nothing();
  const doomed = await world.probing();
  await world.one.fail(doomed, { code: 'not_a_video', message: '…', cause: 'input' }, decide);
  await nothing();
});

/** What a person might do to rows with SQL while a video is processed, and what becomes of the video. */
const EDITS: readonly [what: string, edit: string, becomes: 'ready' | 'failed'][] = [
  ['its video was set to ready', `update videos set state = 'ready'`, 'ready'],
  ['its video was set to failed', `update videos set state = 'failed'`, 'ready'],
  ['its video was set to uploading', `update videos set state = 'uploading'`, 'ready'],
  ['all its tasks were deleted', `delete from tasks`, 'ready'],
  ['some of its tasks were deleted', `delete from tasks where id in (select id from tasks limit 2)`, 'ready'],
  ['its publish task was deleted', `delete from tasks where kind = 'publish'`, 'ready'],
  ['its publish task was set to done', `update tasks set state = 'done' where kind = 'publish'`, 'ready'],
  ['its tasks were set to dead', `update tasks set state = 'dead'`, 'ready'],
  ['its tasks were set to cancelled', `update tasks set state = 'cancelled' where kind = 'encode'`, 'ready'],
  ['its tasks were set to done', `update tasks set state = 'done'`, 'ready'],
  ['leases were made endless', `update tasks set state = 'leased', lease_until = 'infinity'`, 'ready'],
  ['tasks were leased to nobody', `update tasks set state = 'leased', lease_until = null`, 'ready'],
  ['tasks were put off for a year', `update tasks set not_before = now() + interval '1 year'`, 'ready'],
  ['tasks were put at the end of time', `update tasks set due_at = now() + interval '9 years'`, 'ready'],
  ['publish was unblocked', `update tasks set blocked = false`, 'ready'],
  ['everything was blocked', `update tasks set blocked = true`, 'ready'],
  ['its job was set to queued', `update jobs set state = 'queued'`, 'ready'],
  ['its job was set to succeeded', `update jobs set state = 'succeeded'`, 'ready'],
  ['its job was set to failed', `update jobs set state = 'failed'`, 'failed'],
  ['its job was set to cancelled', `update jobs set state = 'cancelled'`, 'failed'],
  ['its job was deleted', `delete from jobs`, 'ready'],
  ['its probe was queued again', `update tasks set state = 'queued' where kind = 'probe'`, 'ready'],
  ['its plan was lost', `update jobs set plan = null`, 'ready'],
  ['its count of tasks was lost', `update jobs set tasks_planned = null`, 'ready'],
];
for (const [what, edit, becomes] of EDITS)
  test(`a video is ${becomes} in the end although ${what}`, async () => {
    const { videoId } = await world.planned(8);
    await world.lend('worker-1');
    await sql.raw(edit).execute(world.db);
    await finishEverything(world);
    assert.equal((await world.videos.find(videoId))?.state, becomes);
    await assertNothingLeft();
  });

test('a trial that was queued again by hand, after its ladder was chosen, brings nothing twice', async () => {
  const policy = { perTitle: true, newerCodecs: [] };
  const probe = await world.probing();
  await planVideo(probe, factsOf(8), policy, world.one);
  const tryOut = async (): Promise<void> => {
    const held: LentTask[] = [];
    for (let task = await world.lend(); ; task = await world.lend()) {
      if (task.spec.kind === 'trial') {
        await planLadder(task, { widthPx: 640, heightPx: 360, ratesBps: [600_000] }, policy, world.one);
        break;
      }
      held.push(task);
    }
    for (const task of held) await world.one.giveBack(task);
  };
  await tryOut();
  const plan = await world.one.planOf(probe.jobId);
  const tasks = () => world.db.selectFrom('tasks').select('id').orderBy('id').execute();
  const before = await tasks();
  await sql`update tasks set state = 'queued' where kind = 'trial'`.execute(world.db);
  await tryOut();
  assert.deepEqual(await tasks(), before);
  assert.deepEqual(await world.one.planOf(probe.jobId), plan);
  await finishEverything(world);
  assert.equal((await world.videos.find(probe.videoId))?.state, 'ready');
  await assertNothingLeft();
});

test('a repair is an event with its reason, and is told once', async () => {
  const { videoId } = await world.planned(8);
  await sql`update videos set state = 'failed'`.execute(world.db);
  const repairs = (await Promise.all([world.one.reconcile(), world.other.reconcile()])).flat();
  assert.deepEqual(
    repairs.map((repair) => [repair.videoId, repair.found, repair.done]),
    [[videoId, 'failed with a running job', 'processing']],
  );
  const events = await world.db.selectFrom('events').selectAll().orderBy('id', 'desc').limit(1).execute();
  assert.deepEqual(
    events.map((event) => [event.subject, event.from_state, event.to_state, event.reason]),
    [['video', 'failed', 'processing', 'put right: failed with a running job']],
  );
});

test('a lease without an end gets one, and its holder keeps it by renewing', async () => {
  const held = await world.probing();
  await sql`update tasks set lease_until = 'infinity'`.execute(world.db);
  const [repair] = await world.one.reconcile();
  assert.equal(repair?.taskId, held.taskId);
  assert.ok((await world.leaseMsLeft(held.taskId)) <= LEASE_MS);
  await world.one.renew(held);
});

test('tasks that wait because no connected worker can do them say so, until one can', async () => {
  const { videoId } = await world.planned(8);
  const reasonOf = async () => (await world.videos.find(videoId))?.job?.pausedReason;
  await world.one.reconcile();
  assert.equal(await reasonOf(), null, 'they have not waited long');
  await sql`update tasks set not_before = not_before - interval '1 minute'`.execute(world.db);
  const deaf = { ...workerOf('deaf'), encoders: ['aac'] };
  await world.workers.connected(deaf, { orchestrator: 'a', connection: randomUUID() });
  const repairs = await world.one.reconcile();
  assert.deepEqual(
    repairs.map((repair) => [repair.videoId, repair.found]),
    [[videoId, 'tasks that no connected worker can do']],
  );
  assert.equal(await reasonOf(), 'no_worker_fits');
  assert.deepEqual(await world.one.reconcile(), [], 'it is told once');
  await world.workers.connected(workerOf('able'), { orchestrator: 'a', connection: randomUUID() });
  await world.one.reconcile();
  assert.equal(await reasonOf(), null);
});

test('a task that was paused says so, too, once its pause is over and its only worker gone', async () => {
  await world.planned(8);
  const task = await world.lend();
  const reasonOf = async () => (await world.task(task.taskId))?.paused_reason;
  await world.one.fail(task, { code: 'store_unavailable', message: 'the store is away', cause: 'store' }, decide);
  await world.one.reconcile();
  assert.equal(await reasonOf(), 'store_unavailable');
  await sql`update tasks set not_before = clock_timestamp() - interval '1 minute'`.execute(world.db);
  await world.one.reconcile();
  assert.equal(await reasonOf(), 'no_worker_fits');
});

test('a video that plays goes on playing, whatever is done to its job', async () => {
  const videoId = await readyVideo();
  await world.videos.requestJob(videoId, { reason: 'again', force: true });
  await world.one.startQueuedJobs(10);
  await sql`update jobs set state = 'failed' where state = 'running'`.execute(world.db);
  await finishEverything(world);
  const video = await world.videos.find(videoId);
  assert.deepEqual([video?.state, video?.error], ['ready', null]);
  await assertNothingLeft();
});

const anyEdit = fc.record({
  video: fc.option(fc.constantFrom(...VIDEO_STATES)),
  job: fc.option(fc.constantFrom(...JOB_STATES)),
  tasks: fc.array(fc.record({ nth: fc.nat(12), state: fc.constantFrom(...TASK_STATES) }), { maxLength: 6 }),
  gone: fc.array(fc.nat(12), { maxLength: 3 }),
  published: fc.boolean(),
  blocked: fc.option(fc.boolean()),
  moment: fc.constantFrom('queued', 'probing', 'planned', 'worked', 'ready'),
});

test('whatever states are written into rows, and whichever rows are deleted, every video ends', async () => {
  await fc.assert(
    fc.asyncProperty(anyEdit, async ({ video, job, tasks, gone, published, blocked, moment }) => {
      await world.empty();
      const videoId = await videoAt(moment);
      const ids = (await world.db.selectFrom('tasks').select('id').orderBy('kind').orderBy('id').execute()).map(
        (t) => t.id,
      );
      for (const { nth, state } of tasks)
        if (ids[nth]) await world.db.updateTable('tasks').set({ state }).where('id', '=', ids[nth]).execute();
      for (const nth of gone) if (ids[nth]) await world.db.deleteFrom('tasks').where('id', '=', ids[nth]).execute();
      if (blocked !== null) await world.db.updateTable('tasks').set({ blocked }).execute();
      if (job) await world.db.updateTable('jobs').set({ state: job }).execute();
      if (video) await world.db.updateTable('videos').set({ state: video }).execute();
      if (!published) await world.db.updateTable('videos').set({ published_generation: null }).execute();
      await finishEverything(world);
      const end = await world.videos.find(videoId);
      assert.ok(end?.state === 'ready' || (end?.state === 'failed' && end.error !== null), JSON.stringify(end));
      if (end.state === 'ready') assert.notEqual(end.playback, null);
      await assertNothingLeft();
      assert.deepEqual(await world.one.reconcile(), []);
    }),
    { numRuns: 40 },
  );
});

async function videoAt(moment: 'queued' | 'probing' | 'planned' | 'worked' | 'ready'): Promise<VideoId> {
  if (moment === 'queued') return world.uploaded();
  if (moment === 'probing') return (await world.probing()).videoId;
  if (moment === 'ready') return readyVideo();
  const { videoId } = await world.planned(8);
  await world.lend('worker-1');
  if (moment === 'worked') await world.finishWork();
  return videoId;
}

async function readyVideo(): Promise<VideoId> {
  const { videoId } = await world.planned(8);
  await finishEverything(world);
  return videoId;
}

async function assertNothingLeft(): Promise<void> {
  const jobs = await world.db.selectFrom('jobs').select('id').where('state', 'in', ['queued', 'running']).execute();
  const tasks = await world.db.selectFrom('tasks').select('id').where('state', 'in', ['queued', 'leased']).execute();
  assert.deepEqual([jobs, tasks], [[], []]);
}
