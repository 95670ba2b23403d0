import { sql, type Transaction } from 'kysely';
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
import { tellHolder } from './wake-ups.ts';

/**
 * Statements that change one state, and the parts of those that change many. Each refuses what the state machine
 * refuses and writes the event row, in the caller's transaction. Callers take rows in the order video, job, task, so
 * that no two of them wait for each other. Times are the database's: nodes' clocks differ.
 */
export type Tx = Transaction<Tables>;

export const NOW = sql<Date>`clock_timestamp()`;
export const fromNow = (ms: number) => sql<Date>`clock_timestamp() + ${ms}::float8 * interval '1 millisecond'`;

type Why = { reason?: string; attempt?: number; worker?: string };

/** False when the video is not in a state from which it may enter `next`. */
export async function moveVideo(tx: Tx, id: VideoId, next: VideoState, why: Why = {}): Promise<boolean> {
  const row = await tx.selectFrom('videos').select('state').where('id', '=', id).forUpdate().executeTakeFirst();
  if (!row || !videoStatesBefore(next).includes(row.state)) return false;
  await tx.updateTable('videos').set({ state: next, updated_at: NOW }).where('id', '=', id).execute();
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
  await tx
    .updateTable('jobs')
    .set({ state: next, ...jobStamps(next) })
    .where('id', '=', id)
    .execute();
  await writeEvent(
    tx,
    { subject: 'job', video_id: row.video_id, job_id: id, from_state: row.state, to_state: next },
    why,
  );
  return true;
}

function jobStamps(next: JobState) {
  if (next === 'queued') return { started_at: null, ended_at: null };
  return next === 'running' ? { started_at: NOW } : { ended_at: NOW };
}

export async function moveTask(tx: Tx, id: TaskId, next: TaskState, why: Why = {}): Promise<boolean> {
  const row = await tx
    .selectFrom('tasks')
    .select(['state', 'video_id', 'job_id', 'attempt', 'worker'])
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst();
  if (!row || !taskStatesBefore(next).includes(row.state)) return false;
  const ended = next === 'queued' ? {} : { ended_at: NOW };
  await tx
    .updateTable('tasks')
    .set({ state: next, lease_until: null, ...ended })
    .where('id', '=', id)
    .execute();
  const of = { subject: 'task', video_id: row.video_id, job_id: row.job_id, task_id: id } as const;
  const holder = row.worker === null ? {} : { worker: row.worker };
  await writeEvent(tx, { ...of, from_state: row.state, to_state: next }, { attempt: row.attempt, ...holder, ...why });
  return true;
}

/** Whatever is still to do for a job is not done any more; whoever works on it is told. */
export async function cancelTasks(tx: Tx, jobId: JobId, reason: string): Promise<void> {
  const { rows } = await sql<{ id: TaskId; session: string | null; attempt: number; was: TaskState }>`
    with open as materialized (
      select id, state from tasks where job_id = ${jobId} and ${taskMayEnter('cancelled')} for update
    ), ended as (
      update tasks t set state = 'cancelled', ended_at = clock_timestamp(), lease_until = null
      from open o where t.id = o.id
      returning t.*, o.state as was
    ), told as (
      insert into events (subject, video_id, job_id, task_id, attempt, worker, from_state, to_state, reason)
      select 'task', video_id, job_id, id, attempt, worker, was, state, ${reason} from ended order by due_at, id
    )
    select id, session, attempt, was from ended
  `.execute(tx);
  for (const { id, session, attempt, was } of rows)
    if (was === 'leased') await tellHolder(tx, { session, taskId: id, token: attempt });
}

/** As literals, so that the planner sees which partial index holds these rows. */
export const taskMayEnter = (next: TaskState) =>
  sql<boolean>`state in (${sql.join(taskStatesBefore(next).map((state) => sql.lit(state)))})`;

export type LockedTask = {
  id: TaskId;
  jobId: JobId;
  videoId: VideoId;
  kind: TaskKind;
  state: TaskState;
  attempt: number;
  failures: number;
  pauses: number;
  lostWorkers: string[];
  worker: string | null;
  session: string | null;
};

/** Takes the rows in the order video, job, task: whoever will change more than the task begins with this. */
export async function lockTask(tx: Tx, taskId: TaskId): Promise<LockedTask | undefined> {
  const of = await tx.selectFrom('tasks').select(['job_id', 'video_id']).where('id', '=', taskId).executeTakeFirst();
  if (!of) return undefined;
  await tx.selectFrom('videos').select('id').where('id', '=', of.video_id).forUpdate().execute();
  await tx.selectFrom('jobs').select('id').where('id', '=', of.job_id).forUpdate().execute();
  return tx
    .selectFrom('tasks')
    .select(['id', 'job_id as jobId', 'video_id as videoId', 'kind', 'state', 'attempt', 'failures', 'pauses'])
    .select(['lost_workers as lostWorkers', 'worker', 'session'])
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
