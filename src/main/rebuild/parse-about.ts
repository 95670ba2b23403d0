import { z } from 'zod';
import { ABOUT_FORMAT, type AboutVideo } from '../../domain/about-video.ts';
import { isVideoId } from '../../domain/ids.ts';

/** A file that cannot be used, with the reason. */
export class AboutError extends Error {
  override readonly name = 'AboutError';
  /** A later Millrace knows more of the video than this one can read. */
  readonly isNewer: boolean;
  constructor(message: string, isNewer = false) {
    super(message);
    this.isNewer = isNewer;
  }
}

const optional = z.number().nullable();
const time = z.iso.datetime();
/** Plans, specs and results go back into the rows that they came from, unread. */
const opaque = z.looseObject({});

const task = z.object({
  taskId: z.uuid(),
  spec: opaque.extend({ kind: z.string() }),
  result: opaque.nullable(),
  attempt: z.int().nonnegative(),
  failures: z.int().nonnegative(),
  worker: z.string().nullable(),
  startedAt: time.nullable(),
  endedAt: time.nullable(),
});

const rendition = z.object({
  name: z.string(),
  kind: z.enum(['video', 'audio']),
  codec: z.string(),
  widthPx: optional,
  heightPx: optional,
  frameRate: optional,
  bandwidthBps: z.number(),
  averageBandwidthBps: z.number(),
});

const published = z.object({
  jobId: z.uuid(),
  generation: z.int().positive(),
  plan: opaque,
  ladder: z.array(z.number()).nullable(),
  createdAt: time,
  startedAt: time.nullable(),
  endedAt: time.nullable(),
  tasks: z.array(task),
  renditions: z.array(rendition),
});

/** Fields that a later Millrace adds are passed over; what it changes has another format. */
const about = z.object({
  format: z.literal(ABOUT_FORMAT),
  version: z.int().positive(),
  id: z.string().refine(isVideoId),
  title: z.string(),
  filename: z.string(),
  contentType: z.string(),
  createdAt: time,
  contentId: z.string().regex(/^[0-9a-f]{64}$/),
  durationSeconds: optional,
  widthPx: optional,
  heightPx: optional,
  frameRate: optional,
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
  parts: z.array(z.object({ sizeBytes: z.int().positive(), sha256: z.string() })),
  captions: z.array(
    z.object({ language: z.string(), label: z.string(), origin: z.enum(['embedded', 'uploaded']), webvtt: z.string() }),
  ),
  published: published.nullable(),
});

/** @throws AboutError */
export function parseAbout(json: unknown): AboutVideo {
  const { format } = z.object({ format: z.number() }).catch({ format: 0 }).parse(json);
  if (format > ABOUT_FORMAT) throw new AboutError('its file is of a newer Millrace', true);
  const parsed = about.safeParse(json);
  if (!parsed.success) throw new AboutError(`its file is damaged: ${z.prettifyError(parsed.error).split('\n')[0]}`);
  return parsed.data as unknown as AboutVideo;
}
