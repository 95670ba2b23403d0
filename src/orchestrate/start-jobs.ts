import type { JobRecords } from '../domain/job-records.ts';
import type { LogEvent } from '../domain/log-events.ts';
import type { Bell } from '../lib/bell.ts';
import type { Log } from '../lib/log.ts';

/** Bounds one transaction; what is left comes in the next round. */
const JOBS_PER_ROUND = 20;

/** Every queued job becomes running and gets its probe task. True when there may be more. */
export async function startJobs(deps: {
  records: Pick<JobRecords, 'startQueuedJobs'>;
  bells: { readonly work: Bell };
  log: Log<LogEvent>;
}): Promise<boolean> {
  const jobs = await deps.records.startQueuedJobs(JOBS_PER_ROUND);
  for (const job of jobs) deps.log.info('job_started', job);
  if (jobs.length > 0) deps.bells.work.ring();
  return jobs.length === JOBS_PER_ROUND;
}
