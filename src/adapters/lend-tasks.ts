import { sql } from 'kysely';
import { DomainError } from '../domain/errors.ts';
import type { Holder, Queue, TaskRef } from '../domain/job-records.ts';
import type { LentTask } from '../domain/tasks.ts';
import type { Database } from './postgres.ts';
import { fromNow, taskMayEnter } from './transitions.ts';

export type LeaseDeps = { readonly db: Database; readonly leaseMs: number };

/**
 * One statement, however many ask: it picks what is first in line, passes over rows that another orchestrator is
 * lending at this moment, and writes the events.
 *
 * A task that a worker was lost with is kept from workers of that name for a while. So that such a task and such a
 * worker hide nothing from the others, these tasks are handed out first and these workers are served last; a pair
 * that still does not fit is left out this time. Among such workers chance decides, or two that were lost at once
 * would be offered their own tasks, time and again.
 */
export async function lendTasks({ db, leaseMs }: LeaseDeps, queue: Queue, holders: readonly Holder[]) {
  const [first] = holders;
  if (!first) return [];
  const workers = holders.map((holder) => holder.worker);
  const sessions = holders.map((holder) => holder.session);
  const { rows } = await sql<LentRow>`
    with asking as materialized (
      select worker, session, place
      from unnest(${workers}::text[], ${sessions}::uuid[]) with ordinality as a (worker, session, place)
    ), picked as materialized (
      select id, due_at, state, case when shun_until > clock_timestamp() then lost_workers else '{}' end as shunned
      from tasks
      where ${taskMayEnter('leased')} and not blocked and ${ofQueue[queue]}
        and not_before <= clock_timestamp()
        and memory_mib <= ${first.memoryMib} and encoders <@ ${first.encoders}::text[]
        and not (coalesce(shun_until > clock_timestamp(), false) and ${workers}::text[] <@ lost_workers)
      order by due_at, id
      limit ${holders.length}
      for update skip locked
    ), given as (
      select *, row_number() over (order by cardinality(shunned) = 0, due_at, id) as n from picked
    ), taking as (
      select *, row_number() over (order by was_lost, case when was_lost then random() else place end) as n
      from (select *, exists (select from picked where worker = any(shunned)) as was_lost from asking) as a
    ), lent as (
      update tasks t
      set state = 'leased', attempt = attempt + 1, worker = h.worker, session = h.session, paused_reason = null,
        started_at = clock_timestamp(), ended_at = null, lease_until = ${fromNow(leaseMs)}
      from given g join taking h using (n)
      where t.id = g.id and not h.worker = any(g.shunned)
      returning t.*, g.state as was, h.place
    ), told as (
      insert into events (subject, video_id, job_id, task_id, attempt, worker, from_state, to_state)
      select 'task', video_id, job_id, id, attempt, worker, was, state from lent order by place
    )
    select id as "taskId", job_id as "jobId", video_id as "videoId", attempt, spec, place from lent
  `.execute(db);
  const lent = new Map(rows.map(({ place, ...task }) => [place, { ...task, token: task.attempt, leaseMs }]));
  return holders.map((_, i): LentTask | undefined => lent.get(i + 1));
}

type LentRow = Pick<LentTask, 'taskId' | 'jobId' | 'videoId' | 'attempt' | 'spec'> & { readonly place: number };

const ofQueue = {
  work: sql<boolean>`kind <> 'publish'`,
  publish: sql<boolean>`kind = 'publish'`,
} as const satisfies Record<Queue, unknown>;

/** Also where its time is over, as long as nobody has taken the task: whoever was cut off for a moment goes on. */
export async function renewLease({ db, leaseMs }: LeaseDeps, { taskId, token }: TaskRef): Promise<void> {
  const renewed = await db
    .updateTable('tasks')
    .set({ lease_until: fromNow(leaseMs) })
    .where('id', '=', taskId)
    .where('attempt', '=', token)
    .where('state', '=', 'leased')
    .executeTakeFirst();
  if (renewed.numUpdatedRows === 0n) throw new DomainError('lease_lost');
}
