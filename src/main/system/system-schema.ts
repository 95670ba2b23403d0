import { z } from 'zod';
import { jobEntrySchema, workerListSchema } from '../../upload/job-schemas.ts';

/** The JSON of `GET /system`, and of what it is made of. */
const checks = z.record(z.string(), z.object({ status: z.string(), detail: z.string().optional() }));

/** What every role says at `/health`. */
export const healthSchema = z.object({
  status: z.string(),
  role: z.string(),
  version: z.string(),
  uptimeSeconds: z.number(),
  checks,
});

const share = z.number().min(0).max(1).nullable().describe('Null before the first request');
const held = z.object({ bytes: z.number(), objects: z.number() });

/** What an edge says at `/status`, as far as it is passed on. */
export const edgeStatusSchema = z.object({
  sessions: z.number().describe('That asked for something within 30 s'),
  hitRatio: z.object({ requests: share, bytes: share }).describe('Since its start; who waited for another was no hit'),
  memory: held,
  disk: held,
  inFlight: z.object({ requests: z.number(), reads: z.number() }),
});

const roleSchema = z.object({
  name: z.string(),
  role: z.string().nullable().describe('Null while it does not answer'),
  status: z.enum(['ok', 'degraded', 'draining', 'failing', 'silent']),
  version: z.string().nullable(),
  uptimeSeconds: z.number().nullable(),
  checks,
});
export type RoleEntry = z.infer<typeof roleSchema>;

const edgeSchema = z.object({
  name: z.string(),
  standing: z
    .enum(['healthy', 'draining', 'out'])
    .nullable()
    .describe('What the router of this process thinks of it; null where it has none'),
  status: edgeStatusSchema.nullable().describe('Null while it does not answer'),
});
export type EdgeEntry = z.infer<typeof edgeSchema>;

const queueSchema = z.object({
  jobs: z.object({ queued: z.number(), running: z.number() }),
  tasks: z.object({
    queued: z.number(),
    waiting: z.number().describe('Of the queued ones: could begin at once, if a worker were free'),
    leased: z.number(),
  }),
});

export const systemSchema = z.object({
  version: z.string(),
  roles: z.array(roleSchema).describe('Processes that this one knows the address of, itself first'),
  edges: z.array(edgeSchema),
  workers: workerListSchema.shape.workers
    .nullable()
    .describe('Null while the database does not answer, as the next two'),
  queue: queueSchema.nullable(),
  failures: z.array(jobEntrySchema).nullable().describe('The newest jobs that failed'),
});
export type System = z.infer<typeof systemSchema>;
