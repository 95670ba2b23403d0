import { z } from 'zod';
import { isJobId, isVideoId, type JobId, type VideoId } from '../domain/ids.ts';
import { JOB_STATES, TASK_STATES } from '../domain/states.ts';
import { jobSchema, tokenQuery } from './schemas.ts';

/** The shapes of jobs, tasks, workers and timelines in the public API. */
const time = z.string().describe('ISO 8601, UTC');

export const jobEntrySchema = jobSchema.extend({
  videoId: z.string(),
  title: z.string(),
  createdAt: time,
  startedAt: time.nullable(),
  endedAt: time.nullable(),
});
export const jobListSchema = z.object({ jobs: z.array(jobEntrySchema), next: z.string().nullable() });

const taskEntrySchema = z.object({
  id: z.string(),
  jobId: z.string(),
  videoId: z.string(),
  kind: z.string(),
  state: z.enum(TASK_STATES),
  renditions: z.array(z.string()),
  fromSeconds: z.number().nullable(),
  toSeconds: z.number().nullable(),
  attempt: z.number(),
  failures: z.number(),
  worker: z.string().nullable(),
  leaseUntil: time.nullable(),
  blocked: z.boolean().describe('It waits for all others of its job'),
  notBefore: time.nullable().describe('The end of a pause after a failure'),
  pausedReason: z.string().nullable(),
  startedAt: time.nullable(),
  endedAt: time.nullable(),
  error: z
    .object({ code: z.string(), message: z.string(), tail: z.string().nullable() })
    .nullable()
    .describe('Of the last attempt that failed; `tail` are the last lines of ffmpeg'),
});
export const taskListSchema = z.object({ tasks: z.array(taskEntrySchema), next: z.string().nullable() });

export const workerListSchema = z.object({
  workers: z.array(
    z.object({
      worker: z.string(),
      session: z.string().describe('Made anew at each start of the worker'),
      version: z.string(),
      cores: z.number(),
      memoryMib: z.number(),
      encoders: z.array(z.string()),
      orchestrator: z.string(),
      connectedAt: time,
      disconnectedAt: time.nullable().describe('Null while it is connected'),
      seenAt: time,
      tasks: z.array(
        z.object({
          id: z.string(),
          jobId: z.string(),
          videoId: z.string(),
          kind: z.string(),
          attempt: z.number(),
          startedAt: time.nullable(),
        }),
      ),
    }),
  ),
});

const eventSchema = z.object({
  id: z.number(),
  at: time,
  subject: z.enum(['video', 'job', 'task']),
  jobId: z.string().nullable(),
  taskId: z.string().nullable(),
  kind: z.string().nullable(),
  attempt: z.number().nullable(),
  worker: z.string().nullable(),
  from: z.string().nullable().describe('Null where the subject came into being'),
  to: z.string(),
  reason: z.string().nullable(),
});
export const timelineSchema = z.object({ events: z.array(eventSchema), next: z.number().nullable() });

const limit = z.coerce.number().int().min(1).max(1000).default(100);
const cursor = z.string().max(100).optional().describe('`next` of the page before');
const videoId = z.custom<VideoId>((text) => typeof text === 'string' && isVideoId(text)).optional();
const jobId = z.custom<JobId>((text) => typeof text === 'string' && isJobId(text)).optional();
const eventId = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

export const jobsQuery = z.object({ limit, cursor, state: z.enum(JOB_STATES).optional(), videoId });
const taskState = z
  .enum([...TASK_STATES, 'open'])
  .optional()
  .describe('`open`: queued or leased');
export const tasksQuery = z.object({ limit, cursor, state: taskState, videoId, jobId });
export const tasksOfJobQuery = z.object({ limit, cursor, state: taskState });
export const timelineQuery = z.object({
  after: eventId.default(0).describe('`next` of the page before'),
  limit: limit.describe('At most 1000'),
});
export const eventsQuery = tokenQuery.extend({ tasks: z.stringbool().default(false).describe('Also every task') });
export const eventsHeaders = z.object({
  'last-event-id': eventId.optional().describe('The `id` of the last event that arrived'),
});
