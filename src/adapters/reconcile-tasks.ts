import { sql } from 'kysely';
import type { JobId, TaskId, VideoId } from '../domain/ids.ts';
import type { Repair } from '../domain/job-records.ts';
import type { Database } from './postgres.ts';
import { fromNow, NOW } from './transitions.ts';

type TaskRow = { videoId: VideoId; jobId: JobId; taskId: TaskId };
const TASK_IDS = ['video_id as videoId', 'job_id as jobId', 'id as taskId'] as const;

/** No lease is longer than this; one that never ends would keep its task from everybody. */
const LONGEST_LEASE = sql`interval '2 hours'`;

export async function endLeases(db: Database, leaseMs: number): Promise<Repair[]> {
  const rows: TaskRow[] = await db
    .updateTable('tasks')
    .set({ lease_until: fromNow(leaseMs) })
    .where('state', '=', 'leased')
    .where(sql<boolean>`(lease_until is null or lease_until > clock_timestamp() + ${LONGEST_LEASE})`)
    .returning([...TASK_IDS])
    .execute();
  return rows.map((ids) => ({ ...ids, found: 'a lease without an end', done: 'it ends soon unless it is renewed' }));
}

/** No pause of ours lasts a minute, and no place in the line lies days ahead. */
const LONGEST_PAUSE = sql`interval '1 hour'`;
const FURTHEST_PLACE = sql`interval '3 days'`;

export async function endPauses(db: Database): Promise<Repair[]> {
  const rows: TaskRow[] = await db
    .updateTable('tasks')
    .set({ not_before: NOW, due_at: sql<Date>`least(due_at, clock_timestamp())` })
    .where('state', '=', 'queued')
    .where(
      sql<boolean>`(not_before > clock_timestamp() + ${LONGEST_PAUSE} or due_at > clock_timestamp() + ${FURTHEST_PLACE})`,
    )
    .returning([...TASK_IDS])
    .execute();
  return rows.map((ids) => ({ ...ids, found: 'a task put off for too long', done: 'it may be lent now' }));
}

/** Workers come and go: who waits for less than this is not talked about. */
const NAMED_AFTER = sql`interval '30 seconds'`;
/** Longer than a few beats: an orchestrator that died said nothing of its workers. */
const SEEN_WITHIN = sql`interval '15 seconds'`;

/**
 * Tasks that wait because no connected worker has their encoders and memory say so: only a person can bring such a
 * worker. Also those that were paused for another reason, once that pause is over. One repair for each job; lending takes
 * the word back, as does a worker that fits.
 */
export async function nameUnfit(db: Database): Promise<Repair[]> {
  const fits = sql<boolean>`exists (
    select from workers w
    where w.disconnected_at is null and w.seen_at > clock_timestamp() - ${SEEN_WITHIN}
      and t.memory_mib <= w.memory_mib and t.encoders <@ w.encoders
  )`;
  await sql`
    update tasks t set paused_reason = null where state = 'queued' and paused_reason = ${NO_WORKER} and ${fits}
  `.execute(db);
  const { rows } = await sql<{ jobId: JobId; videoId: VideoId }>`
    with unfit as (
      update tasks t set paused_reason = ${NO_WORKER}
      where state = 'queued' and not blocked and kind <> 'publish' and paused_reason is distinct from ${NO_WORKER}
        and not_before < clock_timestamp() - ${NAMED_AFTER} and not ${fits}
      returning job_id, video_id
    )
    select distinct job_id as "jobId", video_id as "videoId" from unfit
  `.execute(db);
  return rows.map((ids) => ({ ...ids, found: 'tasks that no connected worker can do', done: 'they say so' }));
}

const NO_WORKER = 'no_worker_fits';
