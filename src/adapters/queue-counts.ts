import { sql } from 'kysely';
import type { Database } from './postgres.ts';

export type QueueCounts = {
  readonly jobs: { readonly queued: number; readonly running: number };
  /** `waiting` of the queued ones could begin at once, if a worker were free. */
  readonly tasks: { readonly queued: number; readonly waiting: number; readonly leased: number };
};

/** What is open of all jobs, counted. */
export async function countQueue(db: Database): Promise<QueueCounts> {
  const { rows } = await sql<Record<'jobs_queued' | 'jobs_running' | 'queued' | 'waiting' | 'leased', number>>`
    select
      (select count(*) from jobs where state = 'queued')::int as jobs_queued,
      (select count(*) from jobs where state = 'running')::int as jobs_running,
      count(*) filter (where state = 'queued')::int as queued,
      count(*) filter (where state = 'queued' and not blocked and not_before <= clock_timestamp())::int as waiting,
      count(*) filter (where state = 'leased')::int as leased
    from tasks where state in ('queued', 'leased')
  `.execute(db);
  const [{ jobs_queued = 0, jobs_running = 0, queued = 0, waiting = 0, leased = 0 } = {}] = rows;
  return { jobs: { queued: jobs_queued, running: jobs_running }, tasks: { queued, waiting, leased } };
}
