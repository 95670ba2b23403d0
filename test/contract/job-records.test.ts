import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { planJob } from '../../src/domain/plan-job.ts';
import type { LentTask } from '../../src/domain/tasks.ts';
import { tasksOf } from '../../src/orchestrate/plan-video.ts';
import { eventually } from '../support/eventually.ts';
import { factsOf, JobWorld, resultOf } from '../support/job-world.ts';

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
    Array.from({ length: 12 }, (_, i) => (i % 2 ? world.one : world.other).lend('work', `worker-${i}`)),
  );
  const ids = lent.filter((task) => task !== undefined).map((task) => task.taskId);
  const queued = await world.db.selectFrom('tasks').select('id').where('kind', 'in', ['encode', 'audio']).execute();
  assert.equal(new Set(ids).size, ids.length);
  assert.equal(ids.length, queued.length);
});

test('a lent task says what to do and for whom, and its holder may renew it', async () => {
  const task = await world.probing();
  assert.equal(task.attempt, 1);
  assert.equal(task.leaseMs, 10_000);
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
  const before = await world.heartbeat(task.taskId);
  await world.one.renew(task);
  assert.ok((await world.heartbeat(task.taskId)).getTime() - before.getTime() >= 5_000);
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
  const refused = { spec: { ...tasks[0]!.spec, kind: 'unheard-of' } as never, priority: 1 };
  await assert.rejects(world.one.completeProbe(task, plan, [...tasks, refused]), /tasks_kind_check/);
  assert.equal((await world.db.selectFrom('tasks').select('id').execute()).length, 1);
  assert.equal((await world.task(task.taskId))?.state, 'leased');
  assert.equal(await world.queueState(task.taskId), 'active');
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

test('publish can be lent only after all other tasks are done, and then within about a second', async () => {
  const { videoId } = await world.planned();
  const held: LentTask[] = [];
  for (let task = await world.one.lend('work', 'w'); task; task = await world.one.lend('work', 'w')) held.push(task);
  for (const task of held.slice(1)) await world.one.complete(task, resultOf(task));
  assert.equal(await world.one.lend('publish', 'orchestrator'), undefined);
  await world.one.complete(held[0]!, resultOf(held[0]!));
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

test('the first chunks of a later video go before the late chunks of an earlier one', async () => {
  const early = await world.planned(120);
  const late = await world.planned(120);
  const order: string[] = [];
  for (let i = 0; i < 8; i++) {
    const { videoId, spec } = await world.lend();
    const what = spec.kind === 'encode' ? String(spec.chunk.chunk) : spec.kind;
    order.push(`${videoId === early.videoId ? 'early' : 'late'} ${what}`);
  }
  assert.equal(early.videoId === late.videoId, false);
  assert.deepEqual(order, ['early audio', 'late audio', 'early 0', 'late 0', 'early 1', 'late 1', 'early 2', 'late 2']);
});

test('a job of 200 chunks and more is planned in one go, and waits for the last of them', async () => {
  const { plan, videoId } = await world.planned(3_300);
  assert.ok(plan.chunks.length >= 200);
  const resource = await world.videos.find(videoId);
  assert.equal(resource?.job?.tasks.queued, plan.chunks.length + plan.audio.length + 1);
  await world.finishWork();
  await lendPublish();
  assert.equal((await world.videos.find(videoId))?.job?.tasks.done, plan.chunks.length + plan.audio.length + 1);
});

/** A tenth of a second on a free machine; other tests may keep this one busy. */
const PUBLISH_DEADLINE_MS = 10_000;

async function lendPublish(): Promise<LentTask> {
  let publish: LentTask | undefined;
  const lend = async (): Promise<boolean> => {
    publish = await world.one.lend('publish', 'orchestrator');
    return publish !== undefined;
  };
  await eventually('publish can be lent', lend, PUBLISH_DEADLINE_MS);
  return publish!;
}
