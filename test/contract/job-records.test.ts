import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import type { VideoId } from '../../src/domain/ids.ts';
import { planJob } from '../../src/domain/plan-job.ts';
import { tasksOf } from '../../src/domain/task-order.ts';
import type { JobPlan, LentTask } from '../../src/domain/tasks.ts';
import { factsOf, holderOf, JobWorld, LEASE_MS, newVideoId, resultOf } from '../support/job-world.ts';

const LEASE_LOST = { code: 'lease_lost' };

let world: JobWorld;
before(async () => {
  world = await JobWorld.open();
});
beforeEach(() => world.empty());
after(() => world.close());

test('a queued job gets exactly one probe task although two orchestrators look at once', async () => {
  for (let i = 0; i < 5; i++) await world.uploaded();
  const looks = [world.one, world.other, world.one, world.other].map((records) => records.startQueuedJobs(100));
  const started = (await Promise.all(looks)).flat();
  assert.equal(started.length, 5);
  assert.equal(new Set(started.map((job) => job.jobId)).size, 5);
  const tasks = await world.db.selectFrom('tasks').select(['job_id', 'kind']).execute();
  assert.deepEqual(new Set(tasks.map((task) => task.job_id)), new Set(started.map((job) => job.jobId)));
  assert.equal(tasks.length, 5);
  assert.deepEqual(await world.one.startQueuedJobs(100), []);
});

test('a task is lent to one worker only, however many ask at once', async () => {
  await world.planned(20);
  const lent = await Promise.all(
    Array.from({ length: 12 }, (_, i) => world.tryLend(`worker-${i}`, 'work', i % 2 ? world.one : world.other)),
  );
  const ids = lent.filter((task) => task !== undefined).map((task) => task.taskId);
  const queued = await world.db
    .selectFrom('tasks')
    .select('id')
    .where('kind', 'not in', ['probe', 'publish'])
    .execute();
  assert.equal(new Set(ids).size, ids.length);
  assert.equal(ids.length, queued.length);
});

test('a lent task says what to do and for whom, and its holder may renew it', async () => {
  const task = await world.probing();
  assert.equal(task.attempt, 1);
  assert.equal(task.leaseMs, LEASE_MS);
  assert.deepEqual(task.spec, {
    kind: 'probe',
    source: { videoId: task.videoId, sizeBytes: 1000 },
    generation: 1,
  });
  await world.one.renew(task);
  await world.other.renew(task);
  assert.equal((await world.task(task.taskId))?.state, 'leased');
});

test('renewing moves the end of the lease', async () => {
  const task = await world.probing();
  await world.ageLease(task.taskId, 5);
  const before = await world.leaseMsLeft(task.taskId);
  await world.one.renew(task);
  assert.ok((await world.leaseMsLeft(task.taskId)) > before);
});

test('a completed task keeps its result and can be settled no second time', async () => {
  await world.planned();
  const task = await world.lend();
  await world.one.complete(task, resultOf(task));
  const row = await world.task(task.taskId);
  assert.equal(row?.state, 'done');
  assert.deepEqual(row?.result, resultOf(task));
  await assert.rejects(world.one.complete(task, resultOf(task)), LEASE_LOST);
  await assert.rejects(world.fail(task), LEASE_LOST);
  await assert.rejects(world.one.giveBack(task), LEASE_LOST);
  await assert.rejects(world.one.renew(task), LEASE_LOST);
});

test('of two simultaneous completions of one grant, one is accepted', async () => {
  await world.planned();
  const task = await world.lend();
  const answers = await Promise.allSettled([
    world.one.complete(task, resultOf(task)),
    world.other.complete(task, resultOf(task)),
  ]);
  assert.deepEqual(answers.map((answer) => answer.status).toSorted(), ['fulfilled', 'rejected']);
});

test('a failure while completing leaves the task leased, with nothing of it done', async () => {
  const task = await world.probing();
  const plan = planJob(factsOf(10));
  const tasks = tasksOf(plan, task.spec.source, 1);
  // The database refuses it after everything else of the transaction was done.
  const refused = { ...tasks[0]!, spec: { ...tasks[0]!.spec, kind: 'unheard-of' } as never };
  await assert.rejects(world.one.completeProbe(task, plan, [...tasks, refused]), /tasks_kind_check/);
  assert.equal((await world.db.selectFrom('tasks').select('id').execute()).length, 1);
  assert.equal((await world.task(task.taskId))?.state, 'leased');
  await world.one.renew(task);
});

test('a task that was handed back can be lent at once and has used up no attempt', async () => {
  const first = await world.probing();
  await world.one.giveBack(first);
  const second = await world.lend('worker-2', world.other);
  assert.equal(second.taskId, first.taskId);
  assert.ok(second.token > first.token);
  assert.equal((await world.task(first.taskId))?.failures, 0);
  await assert.rejects(world.one.renew(first), LEASE_LOST);
  await world.other.renew(second);
});

test('several workers are served at once, each with a task of its own, as far as tasks go', async () => {
  const { plan } = await world.planned(8);
  const tasks = countOf(plan);
  const holders = Array.from({ length: tasks + 2 }, (_, i) => holderOf(`worker-${i}`));
  const lent = (await world.one.lend('work', holders)).filter((task) => task !== undefined);
  assert.equal(new Set(lent.map((task) => task.taskId)).size, tasks);
  const rows = await world.db.selectFrom('tasks').select(['worker', 'session']).where('state', '=', 'leased').execute();
  assert.equal(new Set(rows.map((row) => row.worker)).size, tasks);
  for (const { worker, session } of rows) assert.equal(session, holderOf(worker!).session);
});

test('a worker gets only what fits its memory and its encoders', async () => {
  await world.planned(8);
  const small = { ...holderOf('small'), memoryMib: 64 };
  const deaf = { ...holderOf('deaf'), encoders: ['libx264'] };
  assert.deepEqual(await world.one.lend('work', [small]), [undefined]);
  for (let i = 0; i < 20; i++) {
    const [task] = await world.one.lend('work', [deaf]);
    if (task) assert.notEqual(task.spec.kind, 'audio');
  }
  assert.equal((await world.lend()).spec.kind, 'audio');
});

test('publish can be lent only after all other tasks are done, and then at once', async () => {
  const { videoId } = await world.planned();
  const held: LentTask[] = [];
  for (let task = await world.tryLend(); task; task = await world.tryLend()) held.push(task);
  for (const task of held.slice(1)) assert.equal(await world.one.complete(task, resultOf(task)), false);
  assert.equal(await world.tryLend('orchestrator', 'publish'), undefined);
  assert.equal(await world.one.complete(held[0]!, resultOf(held[0]!)), true);
  const publish = await lendPublish();
  assert.equal(publish.videoId, videoId);
  assert.equal(publish.spec.kind, 'publish');
});

test('publishing makes the video ready with its renditions, and tells every transition in order', async () => {
  const { videoId, plan } = await world.planned(6);
  await world.finishWork();
  const publish = await lendPublish();
  const work = await world.one.finishedWork(publish.jobId);
  assert.deepEqual(work.plan, plan);
  const name = 'v360';
  const rendition = { name, kind: 'video', codec: 'avc1.64001e', widthPx: 640, heightPx: 360, frameRate: 25 } as const;
  await world.one.completePublish(publish, [{ ...rendition, bandwidthBps: 900_000, averageBandwidthBps: 700_000 }]);
  const video = await world.videos.find(videoId);
  assert.equal(video?.state, 'ready');
  assert.equal(video?.job?.progress, 1);
  assert.equal(video?.playback?.hls, `/play/${videoId}/index.m3u8`);
  assert.deepEqual(
    video?.renditions.map((made) => made.name),
    ['v360'],
  );
  const told = await world.transitions(videoId);
  assert.deepEqual(told.slice(0, 7), [
    'video >uploading',
    'video uploading>uploaded',
    'job >queued',
    'video uploaded>processing',
    'job queued>running',
    'task >queued',
    'task queued>leased',
  ]);
  assert.deepEqual(told.slice(-3), ['task leased>done', 'job running>succeeded', 'video processing>ready']);
});

test('what viewers need first goes first: sound and first seconds, then the low rung, then the rest', async () => {
  const { plan } = await world.planned(60);
  const order: string[] = [];
  for (let task = await world.tryLend(); task; task = await world.tryLend()) {
    const { spec } = task;
    if (spec.kind !== 'images')
      order.push(
        spec.kind === 'encode' ? `${spec.rungs.map((rung) => rung.rendition)} ${spec.chunk.chunk}` : spec.kind,
      );
    await world.one.complete(task, resultOf(task));
  }
  const chunks = plan.chunks.map((chunk) => chunk.chunk);
  assert.deepEqual(order.slice(0, 2).toSorted(), ['audio', 'v240 0']);
  assert.deepEqual(order.slice(2), [
    ...chunks.slice(1).map((chunk) => `v240 ${chunk}`),
    ...chunks.map((chunk) => `v360 ${chunk}`),
  ]);
});

test('two videos that wait side by side get tasks in turn', async () => {
  const early = await world.planned(120);
  const late = await world.planned(120);
  const order: VideoId[] = [];
  for (let i = 0; i < 16; i++) order.push((await world.lend()).videoId);
  for (const { videoId } of [early, late])
    assert.ok(order.slice(4).filter((lent) => lent === videoId).length >= 4, order.join(' '));
});

test('a job of 200 chunks and more is planned in one go, and waits for the last of them', async () => {
  const { plan, videoId } = await world.planned(3_300);
  assert.ok(plan.chunks.length >= 200);
  const resource = await world.videos.find(videoId);
  assert.equal(resource?.job?.tasks.queued, countOf(plan) + 1);
  await world.finishWork();
  await lendPublish();
  assert.equal((await world.videos.find(videoId))?.job?.tasks.done, countOf(plan) + 1);
});

/** All that a plan asks of workers. */
const countOf = (plan: JobPlan): number => tasksOf(plan, { videoId: newVideoId(), sizeBytes: 1 }, 1).length - 1;

async function lendPublish(): Promise<LentTask> {
  const publish = await world.tryLend('orchestrator', 'publish');
  assert.ok(publish);
  return publish;
}
