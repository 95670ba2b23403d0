import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { VideoId } from '../../src/domain/ids.ts';
import type { EncodeResult } from '../../src/domain/tasks.ts';
import { wrongInLine } from '../support/wrong-in-line.ts';
import { brokenSteps, type EventRow, needlessRepairs, unexplainedRetries } from './check-events.ts';
import { wrongInPublished, wrongInUnpublished } from './check-published.ts';
import type { Told } from './play-story.ts';
import { readLogs } from './read-logs.ts';
import type { Stack } from './stack.ts';

/** Backoff after a failure that was nobody's fault, a reconciler's round, and a machine that does much else. */
const SETTLED_DEADLINE_MS = 90_000;
/** A line is written a moment after the commit that it tells of. */
const LOGGED_DEADLINE_MS = 3_000;
const POLL_MS = 200;
/** So many lost workers make a task poison. */
const POISON_LOSSES = 3;

/** Waits until nothing is left to do for the videos of a story, and throws whatever is not as it must be. */
export async function judge(told: Told, stack: Stack): Promise<void> {
  await untilNothing(() => wrongInEnds(told, stack), SETTLED_DEADLINE_MS);
  await untilNothing(() => wrongInHistory(told, stack), LOGGED_DEADLINE_MS);
}

async function untilNothing(wrongNow: () => Promise<string[]>, deadlineMs: number): Promise<void> {
  const endMs = performance.now() + deadlineMs;
  for (;;) {
    const wrong = await wrongNow();
    if (wrong.length === 0) return;
    if (performance.now() > endMs) throw new Error(`not as it must be:\n${wrong.join('\n')}`);
    await delay(POLL_MS);
  }
}

/** Cheap questions first: while work is open, nothing else is asked. */
async function wrongInEnds(told: Told, stack: Stack): Promise<string[]> {
  const open = await openWork(told.videoIds, stack);
  if (open.length > 0) return open;
  return (await Promise.all(told.videoIds.map((videoId) => wrongInEnd(videoId, told, stack)))).flat();
}

async function openWork(videoIds: readonly VideoId[], { db }: Stack): Promise<string[]> {
  const [videos, jobs, tasks] = await Promise.all([
    db.selectFrom('videos').select(['id', 'state']).where('id', 'in', videoIds).execute(),
    db.selectFrom('jobs').select(['id', 'state', 'video_id']).where('video_id', 'in', videoIds).execute(),
    db.selectFrom('tasks').selectAll().where('video_id', 'in', videoIds).execute(),
  ]);
  return [
    ...videos.flatMap(({ id, state }) => (['ready', 'failed'].includes(state) ? [] : [`video ${id} is ${state}`])),
    ...jobs.flatMap(({ id, state }) => (['queued', 'running'].includes(state) ? [`job ${id} is ${state}`] : [])),
    ...tasks.flatMap(({ id, kind, state, attempt, paused_reason }) =>
      ['queued', 'leased'].includes(state)
        ? [`${kind} task ${id} is ${state} at attempt ${attempt} ${paused_reason ?? ''}`]
        : [],
    ),
  ];
}

async function wrongInEnd(videoId: VideoId, told: Told, stack: Stack): Promise<string[]> {
  const video = await stack.db.selectFrom('videos').selectAll().where('id', '=', videoId).executeTakeFirstOrThrow();
  const generation = video.published_generation;
  if (video.state === 'failed') {
    const isTrue = trueReasons(videoId, told).has(video.error_code ?? '');
    const untrue = isTrue ? [] : [`video ${videoId} failed with ${video.error_code}: ${video.error_message}`];
    return generation === null ? [...untrue, ...(await wrongInUnpublished(videoId, stack.objects))] : untrue;
  }
  if (generation === null) return [`video ${videoId} is ready, but nothing was published`];
  const job = await stack.db
    .selectFrom('jobs')
    .selectAll()
    .where('video_id', '=', videoId)
    .where('generation', '=', generation)
    .executeTakeFirstOrThrow();
  const plan = job.plan;
  if (!plan) return [`job ${job.id} has no plan`];
  const done = await stack.db.selectFrom('tasks').select('result').where('job_id', '=', job.id).execute();
  const results = done.flatMap(({ result }) => (result as EncodeResult | null)?.renditions ?? []);
  const frames = plan.grid ? plan.grid.frames * plan.grid.ticksPerFrame : 0;
  const planned = new Map([
    ...plan.rungs.map((rung) => [rung.rendition, frames] as const),
    ...plan.audio.map((audio) => [audio.rendition, audio.samples] as const),
  ]);
  const rows = await stack.db.selectFrom('renditions').select('name').where('video_id', '=', videoId).execute();
  const names = rows.map(({ name }) => name).sort();
  const offered = names.join() === [...planned.keys()].sort().join() ? [] : [`renditions of ${videoId}: ${names}`];
  return [...offered, ...(await wrongInPublished({ videoId, generation, results, planned }, stack.objects))];
}

/** Codes that what was done to the video accounts for. */
function trueReasons(videoId: VideoId, { cancelled, edited, workersBroken }: Told): Set<string> {
  return new Set([
    ...(cancelled.has(videoId) ? ['job_cancelled'] : []),
    // Whoever wrote that a job failed or was cancelled gets that, however wrong it was.
    ...(edited.has(videoId) ? ['job_cancelled', 'job_failed'] : []),
    ...(workersBroken >= POISON_LOSSES ? ['poison_task'] : []),
  ]);
}

async function wrongInHistory({ videoIds, edited, cancelled, killedAtMs }: Told, stack: Stack): Promise<string[]> {
  const rows: EventRow[] = await stack.db
    .selectFrom('events')
    .selectAll()
    .where('video_id', 'in', videoIds)
    .orderBy('id')
    .execute();
  const of = (videoId: VideoId): EventRow[] => rows.filter((row) => row.video_id === videoId);
  const steps = videoIds.flatMap((videoId) => brokenSteps(of(videoId), { edited: edited.has(videoId) }));
  const lines = await readLogs(stack.folder);
  const untouched = videoIds.filter((videoId) => !edited.has(videoId));
  // Who cancels and retries by hand here is the test: an upload-api would have written a line.
  const ofPlatform = rows.filter((row) => !cancelled.has(row.video_id as VideoId));
  return [
    ...steps,
    ...needlessRepairs(lines, untouched),
    ...unexplainedRetries(ofPlatform, lines, killedAtMs),
    ...lines.flatMap(wrongInLine),
  ];
}
