import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import type { LentTask } from '../../src/domain/tasks.ts';
import { afterFailure, MAX_ATTEMPTS } from '../../src/orchestrate/retry-policy.ts';
import { JobWorld, resultOf } from '../support/job-world.ts';

const LEASE_LOST = { code: 'lease_lost' };

let world: JobWorld;
before(async () => {
  world = await JobWorld.open();
});
beforeEach(() => world.empty());
after(() => world.close());

test('a holder that fell silent loses its task to the next, and can settle nothing any more', async () => {
  const zombie = await world.probing();
  await world.silence(zombie);
  const [setback] = await world.other.takeFromSilent(afterFailure);
  assert.deepEqual([setback?.taskId, setback?.worker, setback?.outcome], [zombie.taskId, 'worker-1', 'retry']);
  await world.skipBackoff(zombie.taskId);
  const next = await world.lend('worker-2');
  assert.equal(next.taskId, zombie.taskId);
  assert.ok(next.token > zombie.token);
  await assertLost(zombie);
  await world.one.renew(next);
  const row = await world.task(next.taskId);
  assert.deepEqual([row?.state, row?.worker, row?.failures], ['leased', 'worker-2', 1]);
});

test('a holder whose lease expired settles nothing, also before the task is lent again', async () => {
  const zombie = await world.probing();
  await world.silence(zombie);
  await assertLost(zombie);
  await world.one.takeFromSilent(afterFailure);
  await assertLost(zombie);
});

test('two orchestrators that look for silent holders count a silence once', async () => {
  const zombie = await world.probing();
  await world.silence(zombie);
  const looks = await Promise.all([world.one, world.other, world.one].map((it) => it.takeFromSilent(afterFailure)));
  assert.equal(looks.flat().length, 1);
  assert.equal((await world.task(zombie.taskId))?.failures, 1);
});

test('a silence counts although the task is lent again before anybody looked', async () => {
  const zombie = await world.probing();
  await world.silence(zombie);
  await world.skipBackoff(zombie.taskId);
  const next = await world.lend('worker-2');
  await world.one.takeFromSilent(afterFailure);
  const row = await world.task(next.taskId);
  assert.deepEqual([row?.state, row?.worker, row?.failures], ['leased', 'worker-2', 1]);
  await world.one.renew(next);
});

test('a failed attempt is tried again after a pause, and keeps its reason and the last lines', async () => {
  const task = await world.probing();
  const setback = await world.fail(task);
  assert.equal(setback.outcome, 'retry');
  assert.equal(await world.one.lend('work', 'worker-2'), undefined);
  const row = await world.task(task.taskId);
  assert.deepEqual([row?.state, row?.error_code, row?.error_tail], ['queued', 'ffmpeg_failed', 'Invalid data']);
  await world.skipBackoff(task.taskId);
  assert.equal((await world.lend('worker-2')).attempt, 2);
});

test('after five failures the job and the video fail with the reason, and nothing of the job is lent', async () => {
  const { videoId } = await world.planned(60);
  const sibling = await world.lend('worker-2');
  const doomed = await world.lend();
  let held: LentTask = doomed;
  for (let failures = 1; failures < MAX_ATTEMPTS; failures++) {
    assert.equal((await world.fail(held)).outcome, 'retry');
    await world.skipBackoff(doomed.taskId);
    held = await lendAgain(doomed.taskId);
  }
  assert.equal((await world.fail(held)).outcome, 'dead');

  const video = await world.videos.find(videoId);
  const error = { code: 'ffmpeg_failed', message: 'ffmpeg ended with 1' };
  assert.deepEqual(
    [video?.state, video?.error, video?.job?.state, video?.job?.error],
    ['failed', error, 'failed', error],
  );
  assert.deepEqual([video?.job?.tasks.dead, video?.job?.tasks.queued, video?.job?.tasks.leased], [1, 0, 0]);
  assert.equal(video?.job?.tasks.done, 1, 'the probe');
  assert.equal(await world.one.lend('work', 'worker-3'), undefined);
  assert.equal(await world.one.lend('publish', 'orchestrator'), undefined);
  await assertLost(sibling);
  const told = await world.transitions(videoId);
  assert.ok(told.indexOf('task leased>dead') < told.indexOf('job running>failed'));
  assert.ok(told.indexOf('job running>failed') < told.indexOf('video processing>failed'));
});

test('five silences are as deadly as five failures', async () => {
  let held = await world.probing();
  for (let silences = 1; silences <= MAX_ATTEMPTS; silences++) {
    await world.silence(held);
    const [setback] = await world.one.takeFromSilent(afterFailure);
    assert.equal(setback?.outcome, silences < MAX_ATTEMPTS ? 'retry' : 'dead');
    if (silences === MAX_ATTEMPTS) break;
    await world.skipBackoff(held.taskId);
    held = await world.lend();
  }
  const video = await world.videos.find(held.videoId);
  assert.deepEqual([video?.state, video?.error?.code], ['failed', 'lease_expired']);
  assert.equal(await world.one.lend('work', 'worker-2'), undefined);
});

test('a failure that would come again ends the job at once', async () => {
  const task = await world.probing();
  const failure = { code: 'not_a_video', message: 'Nothing to decode.', retryable: false };
  assert.equal((await world.one.fail(task, failure, afterFailure)).outcome, 'dead');
  const video = await world.videos.find(task.videoId);
  assert.deepEqual([video?.state, video?.error?.code], ['failed', 'not_a_video']);
});

test('a failed video can be processed again from the start, as a new generation', async () => {
  const task = await world.probing();
  await world.one.fail(task, { code: 'not_a_video', message: '…', retryable: false }, afterFailure);
  await world.videos.requestJob(task.videoId, 'requested by hand');
  const [job] = await world.one.startQueuedJobs(10);
  assert.equal(job?.generation, 2);
  const video = await world.videos.find(task.videoId);
  assert.deepEqual([video?.state, video?.error], ['processing', null]);
  assert.equal((await world.lend()).spec.generation, 2);
});

test('deleting a video takes its tasks from their holders, and other videos go on', async () => {
  const { videoId } = await world.planned(60);
  const held = await world.lend();
  assert.equal(await world.videos.remove(videoId), true);
  await assertLost(held);
  await world.silence(held);
  assert.deepEqual(await world.one.takeFromSilent(afterFailure), []);
  const other = await world.uploaded();
  await world.one.startQueuedJobs(10);
  assert.equal((await world.lend()).videoId, other);
});

test('what is left of a deleted video in the queue does not hold up the tasks behind it', async () => {
  const { videoId } = await world.planned(120);
  const other = await world.planned(120);
  await world.videos.remove(videoId);
  for (let i = 0; i < 5; i++) assert.equal((await world.lend()).videoId, other.videoId);
});

test('deleting videos while their tasks are being settled neither fails nor leaves a row behind', async () => {
  for (let round = 0; round < 12; round++) {
    const probe = await world.probing();
    const settle = round % 2 ? world.planFrom(probe) : world.fail(probe).then(() => undefined);
    const [settled, removed] = await Promise.allSettled([settle, world.videos.remove(probe.videoId)]);
    assert.deepEqual(removed, { status: 'fulfilled', value: true });
    if (settled.status === 'rejected') assert.equal(settled.reason.code, 'lease_lost', String(settled.reason));
    assert.deepEqual(await world.db.selectFrom('tasks').select('id').execute(), []);
  }
});

async function assertLost(holder: LentTask): Promise<void> {
  await assert.rejects(world.one.renew(holder), LEASE_LOST);
  await assert.rejects(world.one.complete(holder, resultOf(holder)), LEASE_LOST);
  await assert.rejects(world.fail(holder), LEASE_LOST);
  await assert.rejects(world.other.giveBack(holder), LEASE_LOST);
}

/** Other chunks are more urgent by now: they are handed back until the wanted one comes. */
async function lendAgain(taskId: LentTask['taskId']): Promise<LentTask> {
  const others: LentTask[] = [];
  for (;;) {
    const task = await world.lend();
    if (task.taskId === taskId) {
      for (const other of others) await world.one.giveBack(other);
      return task;
    }
    others.push(task);
  }
}
