import { type RawBuilder, sql } from 'kysely';
import type { JobId } from '../domain/ids.ts';
import type { JobState, TaskState } from '../domain/states.ts';
import type { JobResource } from '../domain/video-resource.ts';

export type TaskCount = { state: TaskState; tasks: number; failures: number; paused: string | null };

/** How many tasks of a job are in which state, as one value of its row. */
export const taskCountsOf = (jobId: string): RawBuilder<TaskCount[] | null> => sql<TaskCount[] | null>`(
  select jsonb_agg(t) from (
    select state, count(*) as tasks, max(failures) as failures, max(paused_reason) as paused
    from tasks where job_id = ${sql.ref(jobId)} group by state
  ) t)`;

export type JobRow = {
  readonly id: JobId;
  readonly generation: number;
  readonly state: JobState;
  readonly error_code: string | null;
  readonly error_message: string | null;
  readonly error_tail: string | null;
  readonly task_counts: readonly TaskCount[] | null;
};

export function toJobResource(row: JobRow): JobResource {
  const counts = row.task_counts ?? [];
  const tasks: Record<TaskState, number> = { queued: 0, leased: 0, done: 0, dead: 0, cancelled: 0 };
  for (const count of counts) tasks[count.state] = count.tasks;
  return {
    id: row.id,
    generation: row.generation,
    state: row.state,
    progress: progressOf(row.state, tasks),
    tasks,
    attempts: Math.max(0, ...counts.map(({ failures }) => failures)) + 1,
    pausedReason: counts.find(({ state, paused }) => state === 'queued' && paused !== null)?.paused ?? null,
    error: withTail(errorOf(row.error_code, row.error_message), row.error_tail),
  };
}

export const errorOf = (code: string | null, message: string | null) =>
  code === null ? null : { code, message: message ?? code };

const withTail = (error: ReturnType<typeof errorOf>, tail: string | null) => error && { ...error, tail };

/** The probe alone is no progress that a person would notice: the rest is not even planned then. */
function progressOf(state: JobState, tasks: Record<TaskState, number>): number {
  if (state === 'succeeded') return 1;
  const planned = Object.values(tasks).reduce((sum, count) => sum + count, 0) - 1;
  return planned <= 0 ? 0 : Math.min(Math.max(tasks.done - 1, 0) / planned, 0.99);
}
