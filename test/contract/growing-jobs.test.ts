import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { sql } from 'kysely';
import { createDuePlaylists } from '../../src/adapters/due-playlists.ts';
import { createGrowthRecords } from '../../src/adapters/growing-jobs.ts';
import { createRetiredGenerations } from '../../src/adapters/retired-generations.ts';
import type { GrowthClaim, GrowthRecords, RetiredGenerations } from '../../src/domain/growth.ts';
import type { JobId, VideoId } from '../../src/domain/ids.ts';
import type { LentTask } from '../../src/domain/tasks.ts';
import { JobWorld } from '../support/job-world.ts';
import { storedBy } from '../support/stored-by.ts';

/** Who grows what, on a real PostgreSQL, by two orchestrators. */
let world: JobWorld;
let growth: GrowthRecords;
let other: GrowthRecords;
let retired: RetiredGenerations;
const LEASE_LOST = { code: 'lease_lost' };

before(async () => {
  world = await JobWorld.open();
  growth = createGrowthRecords(world.db);
  other = createGrowthRecords(world.db);
  retired = createRetiredGenerations(world.db);
});
after(() => world?.close());
beforeEach(() => world.empty());

/** A video of two rungs and sound whose first task has reported two segments. */
async function growing(): Promise<{ videoId: VideoId; task: LentTask; claim: GrowthClaim }> {
  const { videoId } = await world.planned();
  const task = await world.lend();
  await growth.report(task, storedBy(task, 2));
  const claim = await growth.claim();
  assert.equal(claim?.videoId, videoId);
  return { videoId, task, claim: claim! };
}

const lapse = (jobId: JobId) =>
  sql`update jobs set grow_until = grow_until - interval '1 minute' where id = ${jobId}`.execute(world.db);
const skipPause = (jobId: JobId) =>
  sql`update jobs set grow_after = clock_timestamp() where id = ${jobId}`.execute(world.db);
const PLAYABLE = { isPlayable: true, pauseMs: 0 };
const playbackOf = async (videoId: VideoId) => (await world.videos.find(videoId))?.playback;

test('nothing is grown before something was reported, and then by one orchestrator', async () => {
  const { videoId } = await world.planned();
  assert.equal(await growth.claim(), undefined);
  const task = await world.lend();
  await growth.report(task, storedBy(task, 1));
  const claims = await Promise.all([growth.claim(), other.claim(), growth.claim(), other.claim()]);
  assert.deepEqual(
    claims.filter((claim) => claim !== undefined).map((claim) => claim.videoId),
    [videoId],
  );
});

test('who no longer holds the task can report nothing', async () => {
  const { jobId } = await world.probing();
  await world.planFrom(await held(jobId));
  const task = await world.lend();
  await world.one.giveBack(task);
  await assert.rejects(growth.report(task, storedBy(task, 1)), LEASE_LOST);
  const next = await world.lend('worker-2');
  assert.equal(next.taskId, task.taskId);
  await assert.rejects(growth.report(task, storedBy(task, 1)), LEASE_LOST);
  assert.deepEqual(await growth.storedOf(task.jobId, ['a-und', 'v240']), []);
});

async function held(jobId: JobId): Promise<LentTask> {
  const row = await world.db.selectFrom('tasks').selectAll().where('job_id', '=', jobId).executeTakeFirstOrThrow();
  const { id: taskId, video_id: videoId, attempt, spec } = row;
  return { taskId, jobId, videoId, attempt, token: attempt, leaseMs: 1, spec };
}

test('what is reported twice, and again with the result, is there once and in order', async () => {
  const { task } = await growing();
  await growth.report(task, storedBy(task, 3));
  await growth.report(task, storedBy(task, 2));
  const [whole] = storedBy(task);
  await world.one.complete(task, { renditions: [whole!] });
  assert.deepEqual(await growth.storedOf(task.jobId, [whole!.rendition]), [whole]);
});

test('a video is playable by HLS from the first playlists on, and whoever follows it is told once', async () => {
  const { videoId, task, claim } = await growing();
  assert.equal(await playbackOf(videoId), null);
  assert.equal(await growth.release(claim, PLAYABLE), 'first');
  const hls = `/play/${videoId}/index.m3u8`;
  assert.deepEqual(await playbackOf(videoId), { hls, dash: null, poster: null, storyboard: null });
  assert.equal((await world.videos.find(videoId))?.state, 'processing');
  await growth.report(task, storedBy(task, 3));
  assert.equal(await growth.release((await other.claim())!, PLAYABLE), 'again');
  const told = (await world.transitions(videoId)).filter((line) => line === 'video processing>processing');
  assert.equal(told.length, 1);
});

test('between two writes there is a pause, and nothing to write without a new report', async () => {
  const { task, claim } = await growing();
  await growth.report(task, storedBy(task, 3));
  await growth.release(claim, { isPlayable: true, pauseMs: 60_000 });
  assert.equal(await growth.claim(), undefined);
  await skipPause(claim.jobId);
  // The report that came during the write is not forgotten.
  const next = await growth.claim();
  await growth.release(next!, PLAYABLE);
  assert.equal(await growth.claim(), undefined);
});

test('a lease that has run out goes to another orchestrator, and the former holder may write no more', async () => {
  const { claim } = await growing();
  assert.equal(await other.claim(), undefined);
  assert.equal(await growth.renew(claim), true);
  await lapse(claim.jobId);
  assert.equal(await growth.renew(claim), false);
  const next = await other.claim();
  assert.equal(next?.token, claim.token + 1);
  assert.equal(await growth.renew(claim), false);
  assert.equal(await growth.release(claim, PLAYABLE), false);
  assert.equal(await other.renew(next!), true);
});

test('once publish is ready nobody begins to grow or goes on, and a publisher sees when the last has let go', async () => {
  const { task, claim } = await growing();
  await world.one.complete(task, { renditions: storedBy(task) });
  assert.equal(await growth.renew(claim), true);
  await world.finishWork();
  assert.equal(await growth.renew(claim), false);
  assert.ok((await other.remainingMs(claim.jobId)) > 0);
  await growth.release(claim, PLAYABLE);
  assert.equal(await other.remainingMs(claim.jobId), 0);
  await skipPause(claim.jobId);
  assert.equal(await growth.claim(), undefined);
});

async function publish(held?: LentTask): Promise<VideoId> {
  if (held) await world.one.complete(held, { renditions: storedBy(held) });
  const task = await publishing();
  await world.one.completePublish(task, []);
  return task.videoId;
}

/** The publish task of what is planned, lent. */
async function publishing(): Promise<LentTask> {
  await world.finishWork();
  return (await world.tryLend('orchestrator', 'publish'))!;
}

test('what is published grows no more, and nothing is left of its growth', async () => {
  const { videoId, task, claim } = await growing();
  await growth.release(claim, PLAYABLE);
  await publish(task);
  assert.equal((await playbackOf(videoId))?.dash, `/play/${videoId}/manifest.mpd`);
  assert.deepEqual(await growth.storedOf(claim.jobId, ['a-und', 'v240']), []);
  assert.deepEqual(await growth.publishedJob(videoId), { jobId: claim.jobId, generation: 1 });
  assert.equal(await growth.claim(), undefined);
  assert.equal(await growth.claimAbandoned(), undefined);
});

/** A new generation of it, planned. */
async function again(videoId: VideoId): Promise<void> {
  await world.videos.requestJob(videoId, { reason: 'a test', force: true });
  await world.one.startQueuedJobs(10);
  await world.planFrom(await world.lend());
}

test('a new generation of a published video does not grow: the old one stays', async () => {
  const { videoId, task: first } = await growing();
  await publish(first);
  await again(videoId);
  const task = await world.lend();
  await growth.report(task, storedBy(task, 2));
  assert.equal(await growth.claim(), undefined);
  assert.deepEqual(await growth.publishedJob(videoId).then((job) => job?.generation), 1);
});

test('a job that fails is withdrawn by one orchestrator, and grows again when it is retried', async () => {
  const { videoId, task, claim } = await growing();
  await growth.release(claim, PLAYABLE);
  await world.one.fail(task, { code: 'not_a_video', message: 'no', cause: 'input' }, () => ({
    outcome: 'dead',
    delayMs: 0,
  }));
  assert.equal(await playbackOf(videoId), null);
  const claims = await Promise.all([growth.claimAbandoned(), other.claimAbandoned()]);
  const [abandoned, ...rest] = claims.filter((one) => one !== undefined);
  assert.deepEqual([abandoned?.jobId, rest.length], [claim.jobId, 0]);
  await growth.withdrawn(abandoned!);
  assert.equal(await growth.claimAbandoned(), undefined);
  await world.control.retryJob(claim.jobId);
  await world.one.startQueuedJobs(10);
  await skipPause(claim.jobId);
  const anew = await growth.claim();
  assert.equal(anew?.jobId, claim.jobId);
  assert.equal(await growth.release(anew!, PLAYABLE), 'first');
});

test('growth is withdrawn of a job of which somebody wrote that it succeeded', async () => {
  const { claim } = await growing();
  await growth.release(claim, PLAYABLE);
  await sql`update jobs set state = 'succeeded' where id = ${claim.jobId}`.execute(world.db);
  assert.equal((await growth.claimAbandoned())?.jobId, claim.jobId);
});

test('what a publisher wrote of a job that was cancelled meanwhile is withdrawn, also what it writes after that', async () => {
  await world.planned();
  const { videoId, jobId } = await publishing();
  await growth.lookAgain(jobId);
  assert.equal(await growth.claimAbandoned(), undefined, 'its successor publishes it');
  await world.control.cancelJob(jobId, 'a test');
  for (const late of [false, true]) {
    if (late) await growth.lookAgain(jobId);
    const abandoned = await other.claimAbandoned();
    assert.equal(abandoned?.jobId, jobId);
    assert.equal(await playbackOf(videoId), null);
    await other.withdrawn(abandoned!);
    assert.equal(await growth.claimAbandoned(), undefined);
  }
});

test('what a publisher wrote over a published generation is looked at, also what it writes after that', async () => {
  const { videoId } = await world.planned();
  await publish();
  await again(videoId);
  const { jobId } = await publishing();
  const due = createDuePlaylists(world.db);
  await sql`update videos set playlists_due_at = null`.execute(world.db);
  await world.control.cancelJob(jobId, 'a test');
  for (const late of [false, true]) {
    if (late) await growth.lookAgain(jobId);
    const video = await due.next();
    assert.equal(video?.videoId, videoId);
    await due.done(video!);
    assert.equal(await due.next(), undefined);
  }
  assert.equal(await growth.claimAbandoned(), undefined);
});

test('a job that ended before its publisher began has nothing to withdraw', async () => {
  const { videoId, probe } = await world.planned();
  await world.control.cancelJob(probe.jobId, 'a test');
  assert.equal(await growth.claimAbandoned(), undefined);
  assert.ok(!(await world.transitions(videoId)).includes('video failed>failed'));
});

test('a deleted video takes its growth with it, and whoever writes for it learns of it', async () => {
  const { videoId, claim } = await growing();
  await world.videos.remove(videoId);
  assert.equal(await growth.renew(claim), false);
  assert.equal(await growth.release(claim, PLAYABLE), false);
  assert.equal(await growth.remainingMs(claim.jobId), 0);
});

const makeDue = () => sql`update retired_generations set remove_after = clock_timestamp()`.execute(world.db);

test('a generation that was replaced goes when no session can play it any more, and the published one never', async () => {
  const { videoId, task } = await growing();
  await publish(task);
  await makeDue();
  assert.deepEqual(await retired.due(10), []);
  await again(videoId);
  await publish();
  assert.deepEqual(await retired.due(10), [], 'sessions last for a day');
  await makeDue();
  const old = { videoId, generation: 1 };
  assert.deepEqual(await retired.due(10), [old]);
  await sql`update videos set published_generation = 1 where id = ${videoId}`.execute(world.db);
  assert.deepEqual(await retired.due(10), []);
  await sql`update videos set published_generation = 2 where id = ${videoId}`.execute(world.db);
  await sql`update jobs set state = 'running' where video_id = ${videoId} and generation = 1`.execute(world.db);
  assert.deepEqual(await retired.due(10), []);
  await sql`update jobs set state = 'succeeded' where video_id = ${videoId} and generation = 1`.execute(world.db);
  await retired.removed(old);
  assert.deepEqual(await retired.due(10), []);
});
