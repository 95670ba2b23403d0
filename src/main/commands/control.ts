import type { JobEntry } from '../../domain/job-lists.ts';
import { apiCall } from './api-call.ts';
import { parseClientArgs } from './client-args.ts';
import { findJob } from './find-job.ts';
import { orSayWhy, printJson } from './show.ts';

/** `millrace cancel JOB|VIDEO`: ends an open job. */
export const cancel = (args: readonly string[]): Promise<void> => control('cancel', args);

/** `millrace retry JOB|VIDEO`: goes on with a failed or cancelled job; what is done stays done. */
export const retry = (args: readonly string[]): Promise<void> => control('retry', args);

function control(action: 'cancel' | 'retry', args: readonly string[]): Promise<void> {
  const { values, names, server } = parseClientArgs(args, { json: { type: 'boolean' } }, (given) =>
    given.length === 1 ? undefined : `${action} takes one job or video.`,
  );
  return orSayWhy(async () => {
    const jobId = await findJob(server, names[0] ?? '');
    const job = (await apiCall(`${server}/jobs/${jobId}/${action}`, 'POST')) as JobEntry;
    if (values.json) return printJson(job);
    console.log(`${job.id}  ${job.state}  ${job.title}`);
  });
}
