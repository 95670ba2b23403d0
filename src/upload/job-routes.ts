import { DomainError } from '../domain/errors.ts';
import { parseJobId, parseVideoId } from '../domain/ids.ts';
import type { JobEntry, JobLists } from '../domain/job-lists.ts';
import type { JobControl } from '../domain/job-records.ts';
import type { LogEvent } from '../domain/log-events.ts';
import type { VideoRecords } from '../domain/ports.ts';
import type { App } from '../lib/app.ts';
import type { Log } from '../lib/log.ts';
import * as jobs from './job-schemas.ts';
import { processVideo } from './process-video.ts';
import { idParams, problems, processBody, videoSchema } from './schemas.ts';
import { setOnly } from './set-only.ts';

export type JobRoutesDeps = {
  readonly records: VideoRecords;
  readonly jobLists: JobLists;
  readonly jobControl: JobControl;
  readonly log: Log<LogEvent>;
};

/** Jobs, their tasks and who works on them; processing, cancelling and trying again by hand. */
export async function addJobRoutes(api: App, deps: JobRoutesDeps): Promise<void> {
  const { jobLists } = deps;

  api.get(
    '/jobs',
    {
      schema: {
        summary: 'List, newest first',
        querystring: jobs.jobsQuery,
        response: { 200: jobs.jobListSchema, ...problems },
      },
    },
    async ({ query }) => jobLists.jobs(setOnly(query)),
  );

  api.get(
    '/jobs/:id',
    { schema: { params: idParams, summary: 'One job', response: { 200: jobs.jobEntrySchema, ...problems } } },
    async (request) => found(await jobLists.job(parseJobId(request.params.id))),
  );

  api.get(
    '/jobs/:id/tasks',
    {
      schema: {
        params: idParams,
        summary: 'The tasks of a job, in the order in which they are due',
        querystring: jobs.tasksOfJobQuery,
        response: { 200: jobs.taskListSchema, ...problems },
      },
    },
    async (request) => {
      const jobId = parseJobId(request.params.id);
      found(await jobLists.job(jobId));
      return jobLists.tasks(setOnly({ ...request.query, jobId }));
    },
  );

  api.get(
    '/tasks',
    {
      schema: {
        summary: 'Tasks of all jobs, in the order in which they are due',
        querystring: jobs.tasksQuery,
        response: { 200: jobs.taskListSchema, ...problems },
      },
    },
    async ({ query }) => jobLists.tasks(setOnly(query)),
  );

  api.get(
    '/workers',
    {
      schema: {
        summary: 'Workers and what they hold',
        response: { 200: jobs.workerListSchema, '5xx': problems['5xx'] },
      },
    },
    async () => jobLists.workers(),
  );

  const byHand = { response: { 202: jobs.jobEntrySchema.describe('The job'), ...problems } };
  api.post(
    '/jobs/:id/cancel',
    { schema: { ...byHand, params: idParams, summary: 'End an open job; workers drop its tasks within a second' } },
    async (request, reply) => {
      const jobId = parseJobId(request.params.id);
      await deps.jobControl.cancelJob(jobId, 'cancelled by hand');
      const job = found(await jobLists.job(jobId));
      deps.log.info('job_cancelled', { videoId: job.videoId, jobId });
      return reply.code(202).send(job);
    },
  );
  api.post(
    '/jobs/:id/retry',
    {
      schema: { ...byHand, params: idParams, summary: 'Go on with a failed or cancelled job; what is done stays done' },
    },
    async (request, reply) => {
      const jobId = parseJobId(request.params.id);
      await deps.jobControl.retryJob(jobId);
      const job = found(await jobLists.job(jobId));
      deps.log.info('job_retried', { videoId: job.videoId, jobId });
      return reply.code(202).send(job);
    },
  );

  api.post(
    '/videos/:id/process',
    {
      schema: {
        params: idParams,
        summary: 'Process again: a failed video, or with force or a ladder any',
        body: processBody,
        response: { 202: videoSchema.describe('The video, with its latest job'), ...problems },
      },
    },
    async (request, reply) => {
      const { force = false, ladder } = request.body ?? {};
      const wish = { force, ...(ladder === undefined ? {} : { ladder }) };
      return reply.code(202).send(await processVideo(parseVideoId(request.params.id), wish, deps));
    },
  );
}

function found(job: JobEntry | undefined): JobEntry {
  if (!job) throw new DomainError('no_such_job');
  return job;
}
