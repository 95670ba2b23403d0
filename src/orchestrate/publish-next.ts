import type { Holder, JobRecords } from '../domain/job-records.ts';
import { IncompleteError } from '../domain/offer.ts';
import type { Clock } from '../domain/ports.ts';
import type { LentTask, TaskFailure } from '../domain/tasks.ts';
import { isCodedError } from '../lib/http.ts';
import { idsOf } from './claim-line.ts';
import { type PublishDeps, publishVideo } from './publish-video.ts';
import { failTask, type SettleDeps } from './settle-task.ts';

export type PublishNextDeps = PublishDeps &
  SettleDeps & {
    readonly records: Pick<JobRecords, 'lend' | 'renew'>;
    /** Who publishes. */
    readonly self: Holder;
    readonly clock: Clock;
  };

/** Publishes the job that waits first. True when there was one. */
export async function publishNext(deps: PublishNextDeps): Promise<boolean> {
  const [task] = await deps.records.lend('publish', [deps.self]);
  if (!task) return false;
  const line = { ...idsOf(task), kind: task.spec.kind };
  deps.log.info('task_leased', { ...line, worker: deps.self.worker, leaseMs: task.leaseMs });
  const startedMs = deps.clock.nowMs();
  try {
    await keepingLease(task, deps, (lost) => publishVideo(task, deps, lost));
    deps.log.info('task_done', { ...line, durationMs: deps.clock.nowMs() - startedMs });
    deps.log.info('job_succeeded', { videoId: task.videoId, jobId: task.jobId, generation: task.spec.generation });
  } catch (err) {
    // Another one publishes it by now, or it was cancelled: there is nothing to settle.
    if (isLeaseLost(err)) deps.log.warn('lease_refused', { ...idsOf(task), err });
    else await failTask(task, failureOf(err), deps);
  }
  return true;
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
      else log.warn('lease_refused', { ...idsOf(task), err });
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
  return { code: error.code, message, cause: error.code === 'store_unavailable' ? 'store' : 'attempt' };
}
