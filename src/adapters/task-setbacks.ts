import { type RawBuilder, sql } from 'kysely';
import type { TaskId } from '../domain/ids.ts';
import type { Decide, Setback, TaskRef, Verdict } from '../domain/job-records.ts';
import type { TaskFailure } from '../domain/tasks.ts';
import { endJob } from './end-job.ts';
import type { Database } from './postgres.ts';
import { heldTask } from './settle-tasks.ts';
import { fromNow, type LockedTask, lockTask, moveTask, type Tx } from './transitions.ts';
import { ringOrchestrators, tellHolder } from './wake-ups.ts';

/** Bounds a round; what is left comes in the next one. */
export const TAKEN_PER_ROUND = 200;

/** The holder says itself that its attempt brought no result. */
export async function failTask(tx: Tx, ref: TaskRef, failure: TaskFailure, decide: Decide): Promise<Setback> {
  return settleSetback(tx, await heldTask(tx, ref), failure, decide);
}

export function takeFromSilent(db: Database, heardMs: number, decide: Decide): Promise<Setback[]> {
  const isOver = sql<boolean>`t.lease_until < clock_timestamp()`;
  const wasUnheard = sql<boolean>`t.lease_until < clock_timestamp() - ${heardMs}::float8 * interval '1 millisecond'`;
  return takeWhere(db, isOver, decide, async (tx, { id, worker }) => {
    const unheard = await tx.selectFrom('tasks as t').select('id').where('id', '=', id).where(wasUnheard).execute();
    const cause = unheard.length > 0 ? 'outage' : 'worker';
    return { code: 'lease_expired', message: `${worker ?? 'its worker'} fell silent`, cause };
  });
}

export function takeFromGone(db: Database, goneMs: number, decide: Decide): Promise<Setback[]> {
  const isGone = sql<boolean>`t.session in (
    select session from workers where disconnected_at < clock_timestamp() - ${goneMs}::float8 * interval '1 millisecond'
  )`;
  return takeWhere(db, isGone, decide, async (_, { worker }) => {
    return { code: 'worker_gone', message: `${worker ?? 'its worker'} is gone`, cause: 'worker' };
  });
}

type Loss = (tx: Tx, task: LockedTask) => Promise<TaskFailure>;

async function takeWhere(db: Database, isLost: RawBuilder<boolean>, decide: Decide, loss: Loss): Promise<Setback[]> {
  const found = await db
    .selectFrom('tasks as t')
    .select('id')
    .where('state', '=', 'leased')
    .where(isLost)
    .limit(TAKEN_PER_ROUND)
    .execute();
  const setbacks: Setback[] = [];
  for (const { id } of found) {
    const setback = await db.transaction().execute((tx) => takeBack(tx, id, isLost, decide, loss));
    if (setback) setbacks.push(setback);
  }
  return setbacks;
}

async function takeBack(tx: Tx, taskId: TaskId, isLost: RawBuilder<boolean>, decide: Decide, loss: Loss) {
  const task = await lockTask(tx, taskId);
  if (task?.state !== 'leased') return undefined;
  // It may have been renewed, or settled and lent again, since it was found.
  const lost = await tx.selectFrom('tasks as t').select('id').where('id', '=', taskId).where(isLost).executeTakeFirst();
  if (!lost) return undefined;
  const setback = await settleSetback(tx, task, await loss(tx, task), decide);
  await tellHolder(tx, { session: task.session, taskId, token: task.attempt });
  return setback;
}

async function settleSetback(tx: Tx, task: LockedTask, failure: TaskFailure, decide: Decide): Promise<Setback> {
  const verdict = decide(task, failure);
  const told = { ...failure, ...verdict.instead };
  const { outcome, delayMs } = verdict;
  await moveTask(tx, task.id, outcome === 'dead' ? 'dead' : 'queued', { reason: `${told.code}: ${told.message}` });
  await tx
    .updateTable('tasks')
    .set({ error_code: told.code, error_message: told.message, error_tail: told.tail ?? null })
    .set({ not_before: fromNow(delayMs), ...historyAfter(task, failure, verdict) })
    .where('id', '=', task.id)
    .execute();
  if (outcome === 'dead') await endJob(tx, task, 'failed', told);
  else if (delayMs === 0) await ringOrchestrators(tx);
  const { id: taskId, jobId, videoId, kind, attempt, worker } = task;
  return { taskId, jobId, videoId, kind, attempt, worker, outcome, delayMs, failure: told };
}

function historyAfter({ failures, pauses, lostWorkers, worker }: LockedTask, { cause, code }: TaskFailure, v: Verdict) {
  if (v.outcome === 'paused') return { pauses: pauses + 1, paused_reason: code };
  const after = { failures: failures + 1, pauses: 0 };
  if (cause !== 'worker') return after;
  return { ...after, lost_workers: [...lostWorkers, worker ?? ''], shun_until: fromNow(v.shunMs ?? 0) };
}
