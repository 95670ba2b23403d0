import { DomainError } from '../domain/errors.ts';
import type { JobId, VideoId } from '../domain/ids.ts';
import type { HeldTask, JobRecords, TaskRef } from '../domain/job-records.ts';
import type { EncodeResult, JobPlan, StoredRendition } from '../domain/tasks.ts';
import { Gate } from '../lib/gate.ts';
import { captionsOf } from './captions.ts';
import { answered } from './database-outage.ts';
import { type LeaseDeps, lendTasks, renewLease } from './lend-tasks.ts';
import type { Database } from './postgres.ts';
import { reconcileJobs } from './reconcile-jobs.ts';
import {
  completeProbe,
  completePublish,
  completeTask,
  completeText,
  completeTrial,
  giveBackTask,
} from './settle-tasks.ts';
import { startQueuedJobs } from './start-jobs.ts';
import { failTask, takeFromGone, takeFromSilent } from './task-setbacks.ts';
import type { Tx } from './transitions.ts';

/**
 * Those that end tasks of one job wait for one another. So many do it at once, less than there are connections: claims
 * and renewals never wait for all of them.
 */
const ENDING_AT_ONCE = 4;
/** Less than a worker waits for the answer. */
const END_WAIT_MS = 5_000;

/** Jobs, tasks and leases in PostgreSQL: the rows are the queue. An outage is told as one that callers may retry. */
export function createJobRecords(deps: LeaseDeps): JobRecords {
  const { db } = deps;
  const inTransaction = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => answered(() => db.transaction().execute(work));
  const ending = new Gate({ max: ENDING_AT_ONCE, waitMs: END_WAIT_MS });
  const inTurn = async <T>(work: (tx: Tx) => Promise<T>): Promise<T> => {
    const leave = await ending.enter();
    if (!leave) throw new DomainError('database_unavailable');
    try {
      return await inTransaction(work);
    } finally {
      leave();
    }
  };
  return {
    startQueuedJobs: (limit) => inTransaction((tx) => startQueuedJobs(tx, limit)),
    lend: (queue, holders) => answered(() => lendTasks(deps, queue, holders)),
    renew: (ref) => answered(() => renewLease(deps, ref)),
    taskOf: (ref) => answered(() => taskOf(db, ref)),
    completeProbe: (ref, plan, tasks) => inTransaction((tx) => completeProbe(tx, ref, plan, tasks)),
    completeTrial: (ref, trial, plan, tasks) => inTransaction((tx) => completeTrial(tx, ref, trial, plan, tasks)),
    completeText: (ref, result) => inTransaction((tx) => completeText(tx, ref, result)),
    planOf: (jobId) => answered(() => planOf(db, jobId)),
    complete: (ref, result) => inTurn((tx) => completeTask(tx, ref, result)),
    fail: (ref, failure, decide) => inTransaction((tx) => failTask(tx, ref, failure, decide)),
    giveBack: (ref) => inTransaction((tx) => giveBackTask(tx, ref)),
    takeFromSilent: (heardMs, decide) => answered(() => takeFromSilent(db, heardMs, decide)),
    takeFromGone: (goneMs, decide) => answered(() => takeFromGone(db, goneMs, decide)),
    reconcile: () => answered(() => reconcileJobs(deps)),
    finishedWork: (jobId) => answered(() => finishedWork(db, jobId)),
    isDeleted: (videoId) => answered(() => isDeleted(db, videoId)),
    completePublish: (ref, renditions) => inTransaction((tx) => completePublish(tx, ref, renditions)),
  };
}

async function taskOf(db: Database, { taskId, token }: TaskRef): Promise<HeldTask> {
  const task = await db
    .selectFrom('tasks as t')
    .innerJoin('jobs as j', 'j.id', 't.job_id')
    .select(['t.id as taskId', 't.job_id as jobId', 't.video_id as videoId', 't.attempt', 't.spec', 'j.ladder'])
    .where('t.id', '=', taskId)
    .where('t.attempt', '=', token)
    .where('t.state', '=', 'leased')
    .executeTakeFirst();
  if (!task) throw new DomainError('lease_lost');
  const { ladder, ...held } = task;
  return ladder ? { ...held, ladder } : held;
}

async function planOf(db: Database, jobId: JobId): Promise<JobPlan> {
  const job = await db.selectFrom('jobs').select('plan').where('id', '=', jobId).executeTakeFirstOrThrow();
  if (!job.plan) throw new Error(`job ${jobId} has no plan`);
  return job.plan;
}

async function isDeleted(db: Database, videoId: VideoId): Promise<boolean> {
  const row = await db.selectFrom('videos').select('id').where('id', '=', videoId).executeTakeFirst();
  return row === undefined;
}

export async function finishedWork(db: Database, jobId: JobId) {
  const plan = await planOf(db, jobId);
  const tasks = await db
    .selectFrom('tasks')
    .select('result')
    .where('job_id', '=', jobId)
    .where('kind', 'in', ['encode', 'audio'])
    .where('state', '=', 'done')
    .execute();
  const renditions = tasks.flatMap(({ result }): readonly StoredRendition[] => (result as EncodeResult).renditions);
  const captions = await captionsOf(db, jobId);
  return { plan, renditions, captions };
}
