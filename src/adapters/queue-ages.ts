import { sql } from 'kysely';
import type { Database } from './postgres.ts';

/** How long the oldest of them has been there, in seconds; 0 where there is none. */
export type QueueAges = { readonly job: number; readonly waitingTask: number };

/** Ages of what is open: a queue that is long and young is busy, one that is short and old is stuck. */
export async function queueAges(db: Database): Promise<QueueAges> {
  const { rows } = await sql<{ job: number; task: number }>`
    select
      coalesce(extract(epoch from clock_timestamp() - (
        select min(coalesce(started_at, created_at)) from jobs where state in ('queued', 'running')
      )), 0)::float8 as job,
      coalesce(extract(epoch from clock_timestamp() - (
        select min(not_before) from tasks
        where state = 'queued' and not blocked and kind <> 'publish' and not_before <= clock_timestamp()
      )), 0)::float8 as task
  `.execute(db);
  const [{ job, task } = { job: 0, task: 0 }] = rows;
  return { job, waitingTask: task };
}
