import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { sql } from 'kysely';
import type { JobId, VideoId } from '../../src/domain/ids.ts';
import type { LentTask } from '../../src/domain/tasks.ts';
import { finishEverything } from '../support/finish-everything.ts';
import { decide, JobWorld, resultOf } from '../support/job-world.ts';

const LEASE_LOST = { code: 'lease_lost' };
const BY_HAND = { reason: 'by hand', force: false };

let world: JobWorld;
before(async () => {
  world = await JobWorld.open();
});
beforeEach(() => world.empty());
after(() => world.close());

test('a failed job that is retried does again only what was not done, at the same generation', async () => {
  const { videoId, jobId, done } = await halfDone();
  await world.control.retryJob(jobId);
  const video = await world.videos.find(videoId);
  assert.deepEqual([video?.state, video?.job?.state, video?.job?.generation], ['failed', 'queued', 1]);
  assert.deepEqual(await world.one.startQueuedJobs(10), [{ jobId, videoId, generation: 1 }]);
  const again = await world.videos.find(videoId);
  assert.deepEqual([again?.state, again?.error, again?.job?.error], ['processing', null, null]);
  const lent: LentTask[] = [];
  for (let task = await world.tryLend(); task; task = await world.tryLend()) {
    lent.push(task);
    await world.one.complete(task, resultOf(task));
  }
  assert.ok(lent.length > 0 && lent.every((task) => task.taskId !== done.taskId && task.spec.kind !== 'probe'));
  for (const { taskId } of lent) assert.equal((await world.task(taskId))?.failures, 0);
  await finishEverything(world);
  assert.equal((await world.videos.find(videoId))?.state, 'ready');
});

test('where publish found segments missing, a retried job looks at all chunks again, and not at the source', async () => {
  const { videoId } = await world.planned(30);
  const kinds = new Set<string>();
  for (let task = await world.tryLend(); task; task = await world.tryLend()) {
    await world.one.complete(task, resultOf(task));
    if (task.spec.kind === 'encode') kinds.add(task.taskId);
  }
  const incomplete = { code: 'incomplete', message: 'a segment has no bytes', cause: 'input' } as const;
  const publish = await world.tryLend('orchestrator', 'publish');
  await world.one.fail(publish!, incomplete, decide);
  const jobId = await latestJob(videoId);
  await world.control.retryJob(jobId);
  await world.one.startQueuedJobs(10);
  const again = new Set<string>();
  for (let task = await world.tryLend(); task; task = await world.tryLend()) {
    assert.notEqual(task.spec.kind, 'probe');
    await world.one.complete(task, resultOf(task));
    if (task.spec.kind === 'encode') again.add(task.taskId);
  }
  assert.deepEqual(again, kinds);
  await finishEverything(world);
  assert.equal((await world.videos.find(videoId))?.state, 'ready');
});

test('a long video that is retried after days waits beside the others, with its own tasks in order', async () => {
  const old = await world.planned(1_200);
  const { jobId } = old.probe;
  await world.control.cancelJob(jobId, 'by hand');
  await sql`update tasks set due_at = due_at - interval '3 days'`.execute(world.db);
  const fresh = await world.planned(120);
  await world.control.retryJob(jobId);
  await world.one.startQueuedJobs(10);
  const lent: LentTask[] = [];
  for (let i = 0; i < 24; i++) lent.push(await world.lend());
  const videos = lent.slice(8).map(({ videoId }) => videoId);
  for (const { videoId } of [old, fresh])
    assert.ok(videos.filter((id) => id === videoId).length >= 6, videos.join(' '));
  const chunks = lent.flatMap(({ videoId, spec }) =>
    videoId === old.videoId && spec.kind === 'encode' ? [spec.chunk.chunk] : [],
  );
  assert.deepEqual(
    chunks,
    chunks.map((_, i) => i),
  );
});

test('a former holder settles nothing of a job that was retried', async () => {
  const { jobId, dead } = await halfDone();
  await world.control.retryJob(jobId);
  await world.one.startQueuedJobs(10);
  await assert.rejects(world.one.complete(dead, resultOf(dead)), LEASE_LOST);
  await assert.rejects(world.one.renew(dead), LEASE_LOST);
});

test('only the latest job is retried, and only one that failed or was cancelled', async () => {
  const { videoId, jobId } = await halfDone();
  await assert.rejects(world.control.retryJob(UNKNOWN), { code: 'no_such_job' });
  await world.videos.requestJob(videoId, { reason: 'anew', force: true });
  await assert.rejects(world.control.retryJob(jobId), { code: 'job_not_failed' });
  await assert.rejects(world.control.retryJob(await latestJob(videoId)), { code: 'job_not_failed' });
});

test('a cancelled job is lent to nobody, its holders have lost it, and the video says why it failed', async () => {
  const { videoId } = await world.planned(30);
  const held = await world.lend();
  await world.control.cancelJob(held.jobId, 'not wanted any more');
  const video = await world.videos.find(videoId);
  const error = { code: 'job_cancelled', message: 'not wanted any more' };
  assert.deepEqual([video?.state, video?.error, video?.job?.state], ['failed', error, 'cancelled']);
  assert.deepEqual([video?.job?.tasks.queued, video?.job?.tasks.leased], [0, 0]);
  assert.equal(await world.tryLend(), undefined);
  await assert.rejects(world.one.renew(held), LEASE_LOST);
  await assert.rejects(world.control.cancelJob(held.jobId, 'again'), { code: 'job_not_running' });
  await assert.rejects(world.control.cancelJob(UNKNOWN, 'what?'), { code: 'no_such_job' });
});

test('a cancelled job can be retried to its end', async () => {
  const { videoId } = await world.planned(8);
  const jobId = await latestJob(videoId);
  await world.control.cancelJob(jobId, 'wait');
  await world.control.retryJob(jobId);
  await finishEverything(world);
  assert.equal((await world.videos.find(videoId))?.state, 'ready');
});

test('a job that has not begun can be cancelled, and its video then retried', async () => {
  const videoId = await world.uploaded();
  await world.control.cancelJob(await latestJob(videoId), 'wait');
  assert.equal((await world.videos.find(videoId))?.state, 'failed');
  await world.videos.requestJob(videoId, BY_HAND);
  await finishEverything(world);
  assert.equal((await world.videos.find(videoId))?.state, 'ready');
});

test('a video that plays stays ready when a later job of it fails or is cancelled', async () => {
  const { videoId } = await world.planned(8);
  await finishEverything(world);
  await world.videos.requestJob(videoId, { reason: 'again', force: true });
  await world.one.startQueuedJobs(10);
  assert.equal((await world.videos.find(videoId))?.state, 'processing');
  await world.one.fail(await world.lend(), { code: 'not_a_video', message: '…', cause: 'input' }, decide);
  const failed = await world.videos.find(videoId);
  assert.deepEqual([failed?.state, failed?.error, failed?.job?.error?.code], ['ready', null, 'not_a_video']);
  await world.control.retryJob(await latestJob(videoId));
  await world.one.startQueuedJobs(10);
  await world.control.cancelJob(await latestJob(videoId), 'enough');
  const cancelled = await world.videos.find(videoId);
  assert.deepEqual([cancelled?.state, cancelled?.error, cancelled?.job?.state], ['ready', null, 'cancelled']);
  assert.notEqual(cancelled?.playback, null);
});

test('asking for a ready video without force changes nothing; with force or a ladder it is a new generation', async () => {
  const { videoId } = await world.planned(8);
  await finishEverything(world);
  await world.videos.requestJob(videoId, BY_HAND);
  assert.equal((await world.videos.find(videoId))?.job?.generation, 1);
  await world.videos.requestJob(videoId, { ...BY_HAND, force: true });
  await finishEverything(world);
  await world.videos.requestJob(videoId, { ...BY_HAND, ladder: [240] });
  await world.one.startQueuedJobs(10);
  const probe = await world.lend();
  assert.equal(probe.spec.generation, 3);
  assert.deepEqual((await world.one.taskOf(probe)).ladder, [240]);
});

test('cancelling while tasks are being settled leaves nothing open, whoever comes first', async () => {
  for (let round = 0; round < 10; round++) {
    const { videoId } = await world.planned(8);
    const held = await world.lend();
    const [settled, cancelled] = await Promise.allSettled([
      round % 2 ? world.other.complete(held, resultOf(held)) : world.fail(held),
      world.control.cancelJob(held.jobId, 'enough'),
    ]);
    assert.equal(cancelled.status, 'fulfilled');
    if (settled.status === 'rejected') assert.equal(settled.reason.code, 'lease_lost', String(settled.reason));
    const job = (await world.videos.find(videoId))?.job;
    assert.deepEqual([job?.state, job?.tasks.queued, job?.tasks.leased], ['cancelled', 0, 0]);
  }
});

const UNKNOWN = '00000000-0000-4000-8000-000000000000' as JobId;

/** A job that failed with one task done, one dead, and the rest cancelled. */
async function halfDone(): Promise<{ videoId: VideoId; jobId: JobId; done: LentTask; dead: LentTask }> {
  const { videoId } = await world.planned(30);
  const done = await world.lend();
  await world.one.complete(done, resultOf(done));
  const dead = await world.lend();
  await world.one.fail(dead, { code: 'source_truncated', message: '…', cause: 'input' }, decide);
  return { videoId, jobId: dead.jobId, done, dead };
}

async function latestJob(videoId: VideoId): Promise<JobId> {
  const video = await world.videos.find(videoId);
  return video!.job!.id as JobId;
}
