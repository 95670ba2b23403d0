import type { JobRecords } from '../domain/job-records.ts';
import type { LogEvent } from '../domain/log-events.ts';
import { IncompleteError } from '../domain/offer.ts';
import type { ObjectStore } from '../domain/ports.ts';
import type { LentTask, TaskFailure } from '../domain/tasks.ts';
import type { Bell } from '../lib/bell.ts';
import { isCodedError } from '../lib/http.ts';
import type { Log } from '../lib/log.ts';
import { repeat } from '../lib/repeat.ts';
import { publishVideo } from './publish-video.ts';
import { failTask, takeFromSilent } from './settle-task.ts';
import { startJobs } from './start-jobs.ts';

export type RunDeps = {
  readonly records: JobRecords;
  readonly store: ObjectStore;
  readonly bell: Bell;
  readonly log: Log<LogEvent>;
  /** This orchestrator's own name as the holder of publish tasks. */
  readonly node: string;
};

/** A bell rings for nearly everything; this is how late a missed one is noticed. */
const LOOK_EVERY_MS = 1_000;

/** What an orchestrator does unasked, until the signal aborts: start jobs, publish, take tasks from the silent. */
export async function runOrchestrator(deps: RunDeps, signal: AbortSignal): Promise<void> {
  const loop = (work: () => Promise<boolean>): Promise<void> =>
    repeat(work, {
      everyMs: LOOK_EVERY_MS,
      bell: deps.bell,
      signal,
      onError: (err) => deps.log.error('queue_error', { err }),
    });
  await Promise.all([loop(() => startJobs(deps)), loop(() => publishNext(deps)), loop(() => takeFromSilent(deps))]);
}

/** True when there was something to publish. */
async function publishNext(deps: RunDeps): Promise<boolean> {
  const task = await deps.records.lend('publish', deps.node);
  if (!task) return false;
  try {
    await keepingLease(task, deps, () => publishVideo(task, deps));
    deps.log.info('job_succeeded', { videoId: task.videoId, jobId: task.jobId, generation: task.spec.generation });
  } catch (error) {
    await failTask(task, failureOf(error), deps);
  }
  return true;
}

/** Checking the segments of a long video takes longer than a lease. */
async function keepingLease(task: LentTask, { records, log }: RunDeps, work: () => Promise<void>): Promise<void> {
  const renewal = setInterval(() => {
    // A lost lease shows when the task is settled, which is fenced; here it is only worth a line.
    records.renew(task).catch((err: unknown) => log.warn('lease_refused', { taskId: task.taskId, err }));
  }, task.leaseMs / 3);
  try {
    await work();
  } finally {
    clearInterval(renewal);
  }
}

function failureOf(error: unknown): TaskFailure {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof IncompleteError ? 'incomplete' : isCodedError(error) ? error.code : 'publish_failed';
  return { code, message, retryable: true };
}
