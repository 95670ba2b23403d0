import { z } from 'zod';
import { VISIBILITIES } from '../domain/playback-grant.ts';
import { JOB_STATES, VIDEO_STATES } from '../domain/states.ts';

/** The shapes of the public API: what is validated, what is answered, and what /openapi.json says. */

const failure = z.object({ code: z.string(), message: z.string() });

export const jobSchema = z.object({
  id: z.string(),
  generation: z.number(),
  state: z.enum(JOB_STATES),
  progress: z.number().min(0).max(1),
  tasks: z.object({
    queued: z.number(),
    leased: z.number(),
    done: z.number(),
    dead: z.number(),
    cancelled: z.number(),
  }),
  attempts: z.number(),
  pausedReason: z.string().nullable().describe('What its tasks wait for without using up attempts'),
  error: failure.extend({ tail: z.string().nullable() }).nullable(),
});

export const videoSchema = z.object({
  id: z.string(),
  title: z.string(),
  state: z.enum(VIDEO_STATES),
  visibility: z.enum(VISIBILITIES),
  createdAt: z.string(),
  source: z.object({
    filename: z.string(),
    contentType: z.string(),
    sizeBytes: z.number(),
    contentId: z.string().nullable(),
    durationSeconds: z.number().nullable(),
    widthPx: z.number().nullable(),
    heightPx: z.number().nullable(),
    frameRate: z.number().nullable(),
  }),
  job: jobSchema.nullable(),
  renditions: z.array(
    z.object({
      name: z.string(),
      kind: z.enum(['video', 'audio']),
      codec: z.string(),
      widthPx: z.number().nullable(),
      heightPx: z.number().nullable(),
      frameRate: z.number().nullable(),
      bandwidthBps: z.number(),
      averageBandwidthBps: z.number(),
    }),
  ),
  playback: z
    .object({
      hls: z.string(),
      dash: z.string().nullable().describe('Null while the video plays and is still being processed'),
      poster: z.string().nullable(),
      storyboard: z.string().nullable().describe('WebVTT that names parts of sheets of small pictures'),
    })
    .nullable(),
  error: failure.nullable(),
});

export const videoListSchema = z.object({ videos: z.array(videoSchema), next: z.string().nullable() });

export const uploadAnswerSchema = z.object({
  id: z.string(),
  state: z.enum(VIDEO_STATES),
  created: z.boolean(),
  contentId: z.string(),
});

export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number(),
  code: z.string(),
  detail: z.string().optional(),
});

/** Refusals and outages of every route. docs/http-api.md lists the codes. */
const problem = (description: string) => ({
  description,
  content: { 'application/problem+json': { schema: problemSchema } },
});
export const problems = {
  '4xx': problem('Refused; nothing was changed. `code` says why.'),
  '5xx': problem('Cannot be done now: 503 with `Retry-After`. Or a fault of ours: 500.'),
} as const;

export const healthSchema = z.object({
  status: z.enum(['ok', 'failing']),
  role: z.string(),
  version: z.string(),
  uptimeSeconds: z.number(),
  checks: z.record(z.string(), z.object({ status: z.enum(['ok', 'failing']), detail: z.string().optional() })),
});

/** PostgreSQL keeps no NUL, and people see no other control character. */
const NO_CONTROL = /^\P{Cc}*$/u;
const titleText = z.string().trim().min(1).max(200).regex(NO_CONTROL);

export const idParams = z.object({ id: z.string() });
export const listQuery = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(24),
  cursor: z.string().max(100).optional().describe('`next` of the page before'),
  q: z.string().trim().max(200).regex(NO_CONTROL).optional().describe('Part of the title, in whatever case'),
  state: z.enum(VIDEO_STATES).optional(),
});
const playbackToken = z.string().max(100).optional().describe('A playback token, for a private video without a key');
export const tokenQuery = z.object({ token: playbackToken });
export const uploadQuery = z.object({ filename: z.string().optional() });
export const ingestBody = z.object({
  url: z.string().min(1).describe('http or https, reachable on the public internet'),
  title: titleText.optional(),
});
export const changeBody = z
  .object({
    title: titleText.optional(),
    visibility: z.enum(VISIBILITIES).optional().describe('A private video plays with a playback token only'),
  })
  .refine((change) => Object.keys(change).length > 0, 'nothing to change');
const MAX_TOKEN_SECONDS = 31_536_000;
/** Without a body it is six hours. */
export const playbackTokenBody = z
  .object({ expiresInSeconds: z.int().min(1).max(MAX_TOKEN_SECONDS).optional() })
  .nullish();
export const playbackTokenSchema = z.object({
  token: z.string(),
  expiresAt: z.string(),
  playback: z
    .object({ hls: z.string(), dash: z.string().nullable() })
    .nullable()
    .describe('Where the video plays with this token; null while there is nothing to play'),
});
/** Rungs are named by their shorter side; 4:2:0 video has even ones only. */
const rungHeight = z.int().min(96).max(4320).multipleOf(2);
/** Without a body nothing is forced. */
export const processBody = z
  .object({
    force: z.boolean().default(false).describe('A new generation, whatever the last job came to'),
    ladder: z
      .array(rungHeight)
      .min(1)
      .max(12)
      .refine((heights) => new Set(heights).size === heights.length, 'the same height twice')
      .optional()
      .describe('Only these rungs, by their shorter sides in pixels; a new generation'),
  })
  .nullish();
