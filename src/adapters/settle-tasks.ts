import { sql } from 'kysely';
import { DomainError } from '../domain/errors.ts';
import type { JobId, VideoId } from '../domain/ids.ts';
import type { PlannedTask, TaskRef } from '../domain/job-records.ts';
import type { EncodeResult, JobPlan, TaskResult, TextResult, TrialResult } from '../domain/tasks.ts';
import type { RenditionResource } from '../domain/video-resource.ts';
import { addTasks } from './add-tasks.ts';
import { addEmbeddedCaptions } from './captions.ts';
import { json } from './postgres.ts';
import { endGrowth, retireOthers } from './retired-generations.ts';
import { addStored } from './stored-segments.ts';
import {
  fromNow,
  type LockedTask,
  lockTask,
  moveJob,
  moveTask,
  moveVideo,
  NOW,
  type Tx,
  taskMayEnter,
} from './transitions.ts';
import { ringOrchestrators } from './wake-ups.ts';

/**
 * The holder's word on its task. The token is compared in the transaction that acts on it, under the row's lock: a
 * former holder changes nothing.
 */
export async function heldTask(tx: Tx, { taskId, token }: TaskRef): Promise<LockedTask> {
  const task = await lockTask(tx, taskId);
  if (task?.state !== 'leased' || task.attempt !== token) throw new DomainError('lease_lost');
  return task;
}

/**
 * The job's row is locked first: of two that finish at once, the later one sees that nothing is left before publish.
 * @returns whether publish may begin by that.
 */
export async function completeTask(tx: Tx, ref: TaskRef, result: TaskResult): Promise<boolean> {
  await sql`select from jobs where id = (select job_id from tasks where id = ${ref.taskId}) for update`.execute(tx);
  const { jobId, playsEarly } = await finishTask(tx, ref, result);
  if (playsEarly) await addStored(tx, jobId, (result as EncodeResult).renditions);
  return unblockPublish(tx, jobId);
}

/** The plan and the tasks that carry it out are there when, and only when, the probe is done. */
export async function completeProbe(tx: Tx, ref: TaskRef, plan: JobPlan, tasks: readonly PlannedTask[]): Promise<void> {
  await heldTask(tx, ref);
  const { jobId, videoId } = await finishTask(tx, ref, plan.facts);
  await tx
    .updateTable('jobs')
    .set({ plan: json(plan), tasks_planned: tasks.length })
    .where('id', '=', jobId)
    .execute();
  await storeFacts(tx, videoId, plan);
  // Of a probe that somebody queued again by hand: its tasks would stand there twice.
  await tx.deleteFrom('tasks').where('job_id', '=', jobId).where('kind', '<>', 'probe').execute();
  await addTasks(tx, jobId, tasks);
  await ringOrchestrators(tx);
}

/** Rows in the order video, job, task. The result itself is not kept twice. */
export async function completeText(tx: Tx, ref: TaskRef, { tracks }: TextResult): Promise<boolean> {
  const { videoId } = await heldTask(tx, ref);
  await addEmbeddedCaptions(tx, videoId, tracks);
  return completeTask(tx, ref, { tracks: [] });
}

/** Publish waits on: the trial is open until its transaction has brought what comes after it. */
export async function completeTrial(
  tx: Tx,
  ref: TaskRef,
  trial: TrialResult,
  plan: JobPlan,
  tasks: readonly PlannedTask[],
): Promise<void> {
  await heldTask(tx, ref);
  const { jobId } = await finishTask(tx, ref, trial);
  await tx
    .updateTable('jobs')
    .set((eb) => ({ plan: json(plan), tasks_planned: eb('tasks_planned', '+', tasks.length) }))
    .where('id', '=', jobId)
    .execute();
  await addTasks(tx, jobId, tasks);
  await unblockPublish(tx, jobId);
  await ringOrchestrators(tx);
}

/** Whoever was frozen while it wrote growing playlists has mostly woken up by then, or is dead. */
const LOOK_AGAIN_MS = 60_000;

export async function completePublish(tx: Tx, ref: TaskRef, renditions: readonly RenditionResource[]): Promise<void> {
  await heldTask(tx, ref);
  const { jobId, videoId } = await finishTask(tx, ref, {});
  const job = tx.selectFrom('jobs').select('generation').where('id', '=', jobId);
  const { generation } = await job.executeTakeFirstOrThrow();
  await storeRenditions(tx, { videoId, generation }, renditions);
  await moveJob(tx, jobId, 'succeeded');
  await moveVideo(tx, videoId, 'ready');
  await tx
    .updateTable('videos')
    .set({ published_generation: generation, playlists_due_at: fromNow(LOOK_AGAIN_MS) })
    .where('id', '=', videoId)
    .execute();
  await retireOthers(tx, videoId, generation);
  await endGrowth(tx, videoId);
}

/** Undone: no attempt is used up, and anybody may have it at once. */
export async function giveBackTask(tx: Tx, ref: TaskRef): Promise<void> {
  const { id } = await heldTask(tx, ref);
  await moveTask(tx, id, 'queued', { reason: 'handed back' });
  await ringOrchestrators(tx);
}

async function finishTask(tx: Tx, { taskId, token }: TaskRef, result: TaskResult) {
  const { rows } = await sql<{ jobId: JobId; videoId: VideoId; playsEarly: boolean }>`
    with done as (
      update tasks
      set state = 'done', result = ${json(result)}::jsonb, ended_at = clock_timestamp(), lease_until = null, pauses = 0
      where id = ${taskId} and attempt = ${token} and ${taskMayEnter('done')}
      returning *
    ), told as (
      insert into events (subject, video_id, job_id, task_id, attempt, worker, from_state, to_state)
      select 'task', video_id, job_id, id, attempt, worker, 'leased', state from done
    )
    select job_id as "jobId", video_id as "videoId", coalesce((spec->'playsEarly')::boolean, false) as "playsEarly" from done
  `.execute(tx);
  const [task] = rows;
  if (!task) throw new DomainError('lease_lost');
  return task;
}

async function unblockPublish(tx: Tx, jobId: JobId): Promise<boolean> {
  const unblocked = await tx
    .updateTable('tasks')
    .set({ blocked: false })
    .where('job_id', '=', jobId)
    .where('blocked', '=', true)
    .where(sql<boolean>`not exists (
      select from tasks o where o.job_id = ${jobId} and o.kind <> 'publish' and o.state in ('queued', 'leased')
    )`)
    .executeTakeFirst();
  return unblocked.numUpdatedRows > 0n;
}

async function storeFacts(tx: Tx, videoId: VideoId, { facts }: JobPlan): Promise<void> {
  const { durationSeconds, video } = facts;
  await tx
    .updateTable('videos')
    .set({
      duration_seconds: durationSeconds,
      width_px: video?.widthPx ?? null,
      height_px: video?.heightPx ?? null,
      frame_rate: video ? video.frameRate.numerator / video.frameRate.denominator : null,
      updated_at: NOW,
    })
    .where('id', '=', videoId)
    .execute();
}

type OfGeneration = { readonly videoId: VideoId; readonly generation: number };

/** In place of those of an earlier publish of the same generation. */
export async function storeRenditions(
  tx: Tx,
  of: OfGeneration,
  renditions: readonly RenditionResource[],
): Promise<void> {
  const { videoId, generation } = of;
  await tx.deleteFrom('renditions').where('video_id', '=', videoId).where('generation', '=', generation).execute();
  const rows = renditions.map((rendition) => ({
    video_id: videoId,
    generation,
    name: rendition.name,
    kind: rendition.kind,
    codec: rendition.codec,
    width_px: rendition.widthPx,
    height_px: rendition.heightPx,
    frame_rate: rendition.frameRate,
    bandwidth_bps: rendition.bandwidthBps,
    average_bandwidth_bps: rendition.averageBandwidthBps,
  }));
  if (rows.length > 0) await tx.insertInto('renditions').values(rows).execute();
}
