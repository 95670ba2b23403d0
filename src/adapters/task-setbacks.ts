import { sql } from 'kysely';
import { DomainError } from '../domain/errors.ts';
import type { TaskId } from '../domain/ids.ts';
import type { AfterFailure, Decide, Setback, TaskRef } from '../domain/job-records.ts';
import type { TaskFailure } from '../domain/tasks.ts';
import { queueOf, type TaskQueue } from './pg-boss-queue.ts';
import type { Database } from './postgres.ts';
import { type LockedTask, lockTask, moveJob, moveTask, moveVideo, type Tx } from './transitions.ts';

/** What happens to a task, and to its job, when an attempt ends without a result. */
export async function failTask(
  tx: Tx,
  queue: TaskQueue,
  ref: TaskRef,
  failure: TaskFailure,
  decide: Decide,
): Promise<Setback> {
  const task = await lockTask(tx, ref.taskId);
  if (task?.state !== 'leased') throw new DomainError('lease_lost');
  const outcome = failure.retryable ? decide(task.failures + 1) : 'dead';
  if (!(await queue.retryLater(tx, queueOf(task.kind), ref, failure.code))) throw new DomainError('lease_lost');
  await settleSetback(tx, queue, task, failure, outcome);
  return setbackOf(task, outcome);
}

/**
 * pg-boss takes a task back by itself when its holder falls silent; the token tells. Our row follows here, so that
 * states, events and the count of attempts are true.
 */
export async function takeFromSilent(db: Database, queue: TaskQueue, decide: Decide): Promise<Setback[]> {
  const { rows } = await sql<{ id: TaskId }>`
    select t.id from tasks t join pgboss.job j on j.id = t.id
    where t.state = 'leased' and (j.state <> 'active' or j.retry_count + 1 <> t.attempt)
  `.execute(db);
  const setbacks: Setback[] = [];
  for (const { id } of rows) {
    const setback = await db.transaction().execute((tx) => takeBack(tx, queue, id, decide));
    if (setback) setbacks.push(setback);
  }
  return setbacks;
}

async function takeBack(tx: Tx, queue: TaskQueue, taskId: TaskId, decide: Decide): Promise<Setback | undefined> {
  const task = await lockTask(tx, taskId);
  // It may have been settled, or lent again, since it was found.
  if (task?.state !== 'leased' || !(await isSilent(tx, taskId))) return undefined;
  const outcome = decide(task.failures + 1);
  const failure = { code: 'lease_expired', message: `${task.worker ?? 'its worker'} fell silent`, retryable: true };
  await settleSetback(tx, queue, task, failure, outcome);
  return setbackOf(task, outcome);
}

async function isSilent(tx: Tx, taskId: TaskId): Promise<boolean> {
  const { rows } = await sql`
    select 1 from tasks t join pgboss.job j on j.id = t.id
    where t.id = ${taskId} and (j.state <> 'active' or j.retry_count + 1 <> t.attempt)
  `.execute(tx);
  return rows.length > 0;
}

async function settleSetback(tx: Tx, queue: TaskQueue, task: LockedTask, failure: TaskFailure, outcome: AfterFailure) {
  const { code, message, tail } = failure;
  await moveTask(tx, task.id, outcome === 'dead' ? 'dead' : 'queued', { reason: `${code}: ${message}` });
  await tx
    .updateTable('tasks')
    .set({ failures: task.failures + 1, error_code: code, error_message: message, error_tail: tail ?? null })
    .where('id', '=', task.id)
    .execute();
  if (outcome === 'dead') await failJob(tx, queue, task, failure);
}

async function failJob(tx: Tx, queue: TaskQueue, { jobId, videoId }: LockedTask, { code, message }: TaskFailure) {
  const reason = `${code}: ${message}`;
  const error = { error_code: code, error_message: message };
  await moveJob(tx, jobId, 'failed', { reason });
  await tx.updateTable('jobs').set(error).where('id', '=', jobId).execute();
  await moveVideo(tx, videoId, 'failed', { reason });
  await tx.updateTable('videos').set(error).where('id', '=', videoId).execute();
  const siblings = await tx.selectFrom('tasks').select(['id', 'kind']).where('job_id', '=', jobId).execute();
  for (const { id } of siblings) await moveTask(tx, id, 'cancelled', { reason: 'its job failed' });
  for (const name of ['work', 'publish'] as const) {
    const ids = siblings.filter(({ kind }) => queueOf(kind) === name).map(({ id }) => id);
    await queue.cancel(tx, name, ids);
  }
}

const setbackOf = ({ id, jobId, videoId, kind, attempt, worker }: LockedTask, outcome: AfterFailure): Setback => ({
  taskId: id,
  jobId,
  videoId,
  kind,
  attempt,
  worker,
  outcome,
});
