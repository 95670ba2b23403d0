import type { JobRecords } from '../domain/job-records.ts';
import type { LogEvent } from '../domain/log-events.ts';
import type { LentTask } from '../domain/tasks.ts';
import type { Bell } from '../lib/bell.ts';
import type { Log } from '../lib/log.ts';

export type LendDeps = {
  readonly records: Pick<JobRecords, 'lend'>;
  /** Rings when there may be something to lend. */
  readonly bell: Bell;
  readonly log: Log<LogEvent>;
};

/** How often a waiting worker's request looks again: tasks also become ready by backoff, which rings no bell. */
const LOOK_EVERY_MS = 500;

/** Lends the most urgent task, or waits for one until the signal aborts. */
export async function lendTask(worker: string, deps: LendDeps, signal: AbortSignal): Promise<LentTask | undefined> {
  while (!signal.aborted) {
    const task = await deps.records.lend('work', worker);
    if (task) {
      deps.log.info('task_leased', { ...idsOf(task), kind: task.spec.kind, worker, leaseMs: task.leaseMs });
      return task;
    }
    await deps.bell.wait(LOOK_EVERY_MS, signal);
  }
  return undefined;
}

/** The ids that join up the log lines of one task. */
export const idsOf = ({ videoId, jobId, taskId, attempt }: LentTask) => ({ videoId, jobId, taskId, attempt });
