import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, beforeEach, test } from 'node:test';
import type { LentTask } from '../../src/domain/tasks.ts';
import { MAX_ATTEMPTS, POISON_AT } from '../../src/orchestrate/retry-policy.ts';
import { decide, holderOf, JobWorld, resultOf, workerOf } from '../support/job-world.ts';

const LEASE_LOST = { code: 'lease_lost' };
/** Longer than any silence here: holders could be heard all the time. */
const HEARD_MS = 24 * 3_600_000;

let world: JobWorld;
before(async () => {
  world = await JobWorld.open();
});
beforeEach(() => world.empty());
after(() => world.close());

test('a holder that fell silent loses its task to the next, and can settle nothing any more', async () => {
  const zombie = await world.probing();
  await world.silence(zombie);
  const [setback] = await world.other.takeFromSilent(HEARD_MS, decide);
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

test('a holder that is late, but from whom nobody has taken the task, goes on', async () => {
  const late = await world.probing();
  await world.silence(late);
  await world.one.renew(late);
  assert.deepEqual(await world.one.takeFromSilent(HEARD_MS, decide), []);
  await world.planFrom(late);
});

test('two orchestrators that look for silent holders count a silence once', async () => {
  const zombie = await world.probing();
  await world.silence(zombie);
  const looks = await Promise.all([world.one, world.other, world.one].map((it) => it.takeFromSilent(HEARD_MS, decide)));
  assert.equal(looks.flat().length, 1);
  assert.equal((await world.task(zombie.taskId))?.failures, 1);
});

test('a task that lost its worker goes on at once, but not on a worker of that name', async () => {
  const zombie = await world.probing();
  await world.silence(zombie);
  const [setback] = await world.one.takeFromSilent(HEARD_MS, decide);
  assert.deepEqual([setback?.failure.code, setback?.delayMs], ['lease_expired', 0]);
  assert.equal(await world.tryLend('worker-1'), undefined);
  assert.equal((await world.lend('worker-2')).taskId, zombie.taskId);
});

test('a worker that may not have a task hides it from nobody who asks at the same time', async () => {
  const zombie = await world.probing();
  await world.silence(zombie);
  await world.one.takeFromSilent(HEARD_MS, decide);
  const lent = await world.one.lend('work', [holderOf('worker-1'), holderOf('worker-2')]);
  assert.deepEqual(
    lent.map((task) => task?.taskId),
    [undefined, zombie.taskId],
  );
});

for (const asking of [
  ['worker-1', 'worker-2'],
  ['worker-2', 'worker-1'],
])
  test(`two workers that were lost at once have each the task of the other soon, asking as ${asking.join(', ')}`, async () => {
    const first = await world.probing();
    await world.uploaded();
    await world.one.startQueuedJobs(100);
    const second = await world.lend('worker-2');
    for (const task of [first, second]) await world.silence(task);
    await world.one.takeFromSilent(HEARD_MS, decide);
    const lent = new Map<string, string | undefined>();
    // Chance decides who is offered what; an orchestrator looks twice a second.
    for (let looks = 0; looks < 60 && lent.size < 2; looks++) {
      const waiting = asking.filter((worker) => !lent.has(worker));
      const tasks = await world.one.lend('work', waiting.map(holderOf));
      for (const [i, task] of tasks.entries()) if (task) lent.set(waiting[i]!, task.taskId);
    }
    assert.deepEqual([lent.get('worker-1'), lent.get('worker-2')], [second.taskId, first.taskId]);
  });

test('a failed attempt is tried again after a pause, and keeps its reason and the last lines', async () => {
  const task = await world.probing();
  const setback = await world.fail(task);
  assert.equal(setback.outcome, 'retry');
  assert.equal(await world.tryLend('worker-2'), undefined);
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
    [video?.state, video?.error, video?.job?.state, video?.job?.error?.message],
    ['failed', error, 'failed', error.message],
  );
  assert.deepEqual([video?.job?.tasks.dead, video?.job?.tasks.queued, video?.job?.tasks.leased], [1, 0, 0]);
  assert.equal(video?.job?.tasks.done, 1, 'the probe');
  assert.equal(await world.tryLend('worker-3'), undefined);
  assert.equal(await world.tryLend('orchestrator', 'publish'), undefined);
  await assertLost(sibling);
  const told = await world.transitions(videoId);
  assert.ok(told.indexOf('task leased>dead') < told.indexOf('job running>failed'));
  assert.ok(told.indexOf('job running>failed') < told.indexOf('video processing>failed'));
});

test('a task that loses a third worker is poison: its job fails and says whom it took', async () => {
  let held = await world.probing();
  for (let losses = 1; losses <= POISON_AT; losses++) {
    await world.silence(held);
    const [setback] = await world.one.takeFromSilent(HEARD_MS, decide);
    assert.equal(setback?.outcome, losses < POISON_AT ? 'retry' : 'dead');
    if (losses < POISON_AT) held = await world.lend(`worker-${losses + 1}`);
  }
  const video = await world.videos.find(held.videoId);
  assert.deepEqual([video?.state, video?.error?.code], ['failed', 'poison_task']);
  assert.match(video?.error?.message ?? '', /worker-1, worker-2.*worker-3/);
  assert.equal(await world.tryLend('worker-4'), undefined);
});

test('a lease that ended while nobody could be heard uses up no attempt, and accuses no worker', async () => {
  let held = await world.probing();
  for (let i = 0; i < MAX_ATTEMPTS + 1; i++) {
    await world.silence(held);
    const [setback] = await world.one.takeFromSilent(60_000, decide);
    assert.deepEqual([setback?.outcome, setback?.failure.cause], ['paused', 'outage']);
    held = await world.lend('worker-1');
  }
  const row = await world.task(held.taskId);
  assert.deepEqual([row?.failures, row?.lost_workers], [0, []]);
});

test('a store that is away pauses a task as often as it takes, and uses up no attempt', async () => {
  let held = await world.probing();
  const failure = { code: 'store_unavailable', message: 'No answer.', cause: 'store' } as const;
  for (let i = 0; i < MAX_ATTEMPTS + 2; i++) {
    assert.equal((await world.one.fail(held, failure, decide)).outcome, 'paused');
    const row = await world.task(held.taskId);
    assert.deepEqual([row?.state, row?.failures, row?.paused_reason], ['queued', 0, 'store_unavailable']);
    await world.skipBackoff(held.taskId);
    held = await world.lend();
    assert.equal((await world.task(held.taskId))?.paused_reason, null);
  }
  await world.planFrom(held);
  assert.equal((await world.task(held.taskId))?.pauses, 0);
});

test('tasks of a worker whose connection is gone for long enough are taken, and of no other', async () => {
  await world.planned(60);
  await world.workers.connected(workerOf('worker-1'), { orchestrator: 'a', connection: randomUUID() });
  const gone = randomUUID();
  await world.workers.connected(workerOf('worker-2'), { orchestrator: 'a', connection: gone });
  const kept = await world.lend('worker-1');
  const lost = await world.lend('worker-2');
  await world.workers.disconnected(gone);
  assert.deepEqual(await world.one.takeFromGone(60_000, decide), [], 'it may come back');
  const takers = await Promise.all([world.one.takeFromGone(0, decide), world.other.takeFromGone(0, decide)]);
  assert.deepEqual(
    takers.flat().map((setback) => [setback.taskId, setback.failure.code, setback.outcome]),
    [[lost.taskId, 'worker_gone', 'retry']],
  );
  await assertLost(lost);
  await world.one.renew(kept);
});

test('a worker that connected again keeps its tasks, whichever connection ends later', async () => {
  const held = await world.probing();
  const [first, second] = [randomUUID(), randomUUID()];
  await world.workers.connected(workerOf('worker-1'), { orchestrator: 'a', connection: first });
  await world.workers.connected(workerOf('worker-1'), { orchestrator: 'b', connection: second });
  await world.workers.disconnected(first);
  assert.deepEqual(await world.one.takeFromGone(0, decide), []);
  await world.one.renew(held);
});

test('a failure that would come again ends the job at once', async () => {
  const task = await world.probing();
  const failure = { code: 'not_a_video', message: 'Nothing to decode.', cause: 'input' } as const;
  assert.equal((await world.one.fail(task, failure, decide)).outcome, 'dead');
  const video = await world.videos.find(task.videoId);
  assert.deepEqual([video?.state, video?.error?.code], ['failed', 'not_a_video']);
});

test('a failed video that is asked for again goes on at its generation', async () => {
  const task = await world.probing();
  await world.one.fail(task, { code: 'not_a_video', message: '…', cause: 'input' }, decide);
  await world.videos.requestJob(task.videoId, { reason: 'by hand', force: false });
  const [job] = await world.one.startQueuedJobs(10);
  assert.equal(job?.generation, 1);
  const video = await world.videos.find(task.videoId);
  assert.deepEqual([video?.state, video?.error], ['processing', null]);
  assert.equal((await world.lend()).taskId, task.taskId);
});

test('deleting a video takes its tasks from their holders, and other videos go on', async () => {
  const { videoId } = await world.planned(60);
  const held = await world.lend();
  assert.equal(await world.videos.remove(videoId), true);
  await assertLost(held);
  await world.silence(held);
  assert.deepEqual(await world.one.takeFromSilent(HEARD_MS, decide), []);
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
