import type { Holder, JobRecords } from '../domain/job-records.ts';
import { IncompleteError } from '../domain/offer.ts';
import type { Clock } from '../domain/ports.ts';
import type { FailureCause, LentTask, TaskFailure } from '../domain/tasks.ts';
import { isCodedError } from '../lib/http.ts';
import { idsOf } from './claim-line.ts';
import { type PublishDeps, publishVideo } from './publish-video.ts';
import { failTask, returnTask, type SettleDeps } from './settle-task.ts';
import { untilAnswered } from './until-answered.ts';

export type PublishNextDeps = PublishDeps &
  SettleDeps & {
    readonly records: Pick<JobRecords, 'lend' | 'renew'>;
    /** Who publishes. */
    readonly self: Holder;
    readonly clock: Clock;
  };

/** Publishes the job that waits first. True when there was one. @throws DomainError database_unavailable */
export async function publishNext(deps: PublishNextDeps, stopping: AbortSignal): Promise<boolean> {
  const [task] = await deps.records.lend('publish', [deps.self]);
  if (!task) return false;
  deps.log.info('task_leased', { ...lineOf(task), worker: deps.self.worker, leaseMs: task.leaseMs });
  try {
    await keepingLease(task, deps, (lost) => publishOrFail(task, deps, { lost, stopping }));
  } catch (err) {
    // Another one publishes it by now, or it was cancelled: there is nothing to settle.
    if (!isLeaseLost(err)) throw err;
    deps.log.warn('lease_refused', { ...idsOf(task), err });
  }
  return true;
}

const lineOf = (task: LentTask) => ({ ...idsOf(task), kind: task.spec.kind });

type Ends = { readonly lost: AbortSignal; readonly stopping: AbortSignal };

async function publishOrFail(task: LentTask, deps: PublishNextDeps, { lost, stopping }: Ends): Promise<void> {
  const { clock, log } = deps;
  const signal = AbortSignal.any([lost, stopping]);
  const startedMs = clock.nowMs();
  try {
    await publishVideo(task, deps, signal);
    log.info('task_done', { ...lineOf(task), durationMs: clock.nowMs() - startedMs });
    log.info('job_succeeded', { videoId: task.videoId, jobId: task.jobId, generation: task.spec.generation });
  } catch (err) {
    if (isLeaseLost(err)) throw err;
    if (stopping.aborted) return returnTask(task, deps);
    const failure = failureOf(err);
    await untilAnswered(() => failTask(task, failure, deps), { signal, log });
    // It may be had again at once: so that this is not tried as fast as the database can refuse it, the round has failed.
    if (failure.cause === 'outage') throw err;
  }
}

/** Checking the segments of a long video takes longer than a lease. A refused renewal ends the work. */
async function keepingLease(
  task: LentTask,
  { records, log }: PublishNextDeps,
  work: (lost: AbortSignal) => Promise<void>,
): Promise<void> {
  const lost = new AbortController();
  const renewal = setInterval(() => {
    records.renew(task).catch((err: unknown) => {
      if (isLeaseLost(err)) lost.abort(err);
      else log.error('queue_error', { err });
    });
  }, task.leaseMs / 3);
  try {
    await work(lost.signal);
  } finally {
    clearInterval(renewal);
  }
}

const isLeaseLost = (error: unknown): boolean => isCodedError(error) && error.code === 'lease_lost';

function failureOf(error: unknown): TaskFailure {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof IncompleteError) return { code: 'incomplete', message, cause: 'attempt' };
  if (!isCodedError(error)) return { code: 'publish_failed', message, cause: 'attempt' };
  return { code: error.code, message, cause: CAUSES[error.code] ?? 'attempt' };
}

const CAUSES: Readonly<Record<string, FailureCause>> = { store_unavailable: 'store', database_unavailable: 'outage' };
