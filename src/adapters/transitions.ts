import type { Transaction } from 'kysely';
import type { JobId, TaskId, VideoId } from '../domain/ids.ts';
import {
  type JobState,
  jobStatesBefore,
  type TaskState,
  taskStatesBefore,
  type VideoState,
  videoStatesBefore,
} from '../domain/states.ts';
import type { TaskKind } from '../domain/tasks.ts';
import type { Tables } from './postgres.ts';

/**
 * The only statements that change a state. Each locks the row, refuses what the state machine refuses, and writes
 * the event row, in the caller's transaction. Callers take rows in the order video, job, task, so that no two of
 * them wait for each other.
 */
export type Tx = Transaction<Tables>;

type Why = { reason?: string; attempt?: number; worker?: string };

/** False when the video is not in a state from which it may enter `next`. */
export async function moveVideo(tx: Tx, id: VideoId, next: VideoState, why: Why = {}): Promise<boolean> {
  const row = await tx.selectFrom('videos').select('state').where('id', '=', id).forUpdate().executeTakeFirst();
  if (!row || !videoStatesBefore(next).includes(row.state)) return false;
  await tx.updateTable('videos').set({ state: next, updated_at: new Date() }).where('id', '=', id).execute();
  await writeEvent(tx, { subject: 'video', video_id: id, from_state: row.state, to_state: next }, why);
  return true;
}

export async function moveJob(tx: Tx, id: JobId, next: JobState, why: Why = {}): Promise<boolean> {
  const row = await tx
    .selectFrom('jobs')
    .select(['state', 'video_id'])
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst();
  if (!row || !jobStatesBefore(next).includes(row.state)) return false;
  const stamp = next === 'running' ? { started_at: new Date() } : { ended_at: new Date() };
  await tx
    .updateTable('jobs')
    .set({ state: next, ...stamp })
    .where('id', '=', id)
    .execute();
  await writeEvent(
    tx,
    { subject: 'job', video_id: row.video_id, job_id: id, from_state: row.state, to_state: next },
    why,
  );
  return true;
}

export async function moveTask(tx: Tx, id: TaskId, next: TaskState, why: Why = {}): Promise<boolean> {
  const row = await tx
    .selectFrom('tasks')
    .select(['state', 'video_id', 'job_id', 'attempt', 'worker'])
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst();
  if (!row || !taskStatesBefore(next).includes(row.state)) return false;
  const isEnd = next === 'done' || next === 'dead' || next === 'cancelled';
  await tx
    .updateTable('tasks')
    .set(isEnd ? { state: next, ended_at: new Date() } : { state: next })
    .where('id', '=', id)
    .execute();
  const of = { subject: 'task', video_id: row.video_id, job_id: row.job_id, task_id: id } as const;
  const holder = row.worker === null ? {} : { worker: row.worker };
  await writeEvent(tx, { ...of, from_state: row.state, to_state: next }, { attempt: row.attempt, ...holder, ...why });
  return true;
}

export type LockedTask = {
  id: TaskId;
  jobId: JobId;
  videoId: VideoId;
  kind: TaskKind;
  state: TaskState;
  failures: number;
  attempt: number;
  worker: string | null;
};

/** Takes the rows in the order video, job, task: whoever will change more than the task begins with this. */
export async function lockTask(tx: Tx, taskId: TaskId): Promise<LockedTask | undefined> {
  const of = await tx.selectFrom('tasks').select(['job_id', 'video_id']).where('id', '=', taskId).executeTakeFirst();
  if (!of) return undefined;
  await tx.selectFrom('videos').select('id').where('id', '=', of.video_id).forUpdate().execute();
  await tx.selectFrom('jobs').select('id').where('id', '=', of.job_id).forUpdate().execute();
  return tx
    .selectFrom('tasks')
    .select(['id', 'job_id as jobId', 'video_id as videoId', 'kind', 'state', 'failures', 'attempt', 'worker'])
    .where('id', '=', taskId)
    .forUpdate()
    .executeTakeFirst();
}

type EventRow = {
  subject: 'video' | 'job' | 'task';
  video_id: VideoId;
  job_id?: JobId;
  task_id?: TaskId;
  from_state: string | null;
  to_state: string;
};

/** For rows that come into being: there is no state to guard. */
export async function writeEvent(tx: Tx, of: EventRow, why: Why = {}): Promise<void> {
  await tx
    .insertInto('events')
    .values({
      job_id: null,
      task_id: null,
      ...of,
      attempt: why.attempt ?? null,
      worker: why.worker ?? null,
      reason: why.reason ?? null,
    })
    .execute();
}
