import { z } from 'zod';
import { DomainError } from '../domain/errors.ts';
import { describeArgs } from './ffmpeg-args.ts';
import { runTool, type ToolDeps } from './run-ffmpeg.ts';
import { ToolError } from './task-error.ts';

const stream = z.object({
  index: z.number(),
  codec_type: z.string().optional(),
  codec_name: z.string().optional(),
  codec_tag_string: z.string().optional(),
  width: z.number().optional(),
  height: z.number().optional(),
  sample_aspect_ratio: z.string().optional(),
  r_frame_rate: z.string().optional(),
  avg_frame_rate: z.string().optional(),
  has_b_frames: z.number().optional(),
  pix_fmt: z.string().optional(),
  field_order: z.string().optional(),
  color_primaries: z.string().optional(),
  color_space: z.string().optional(),
  color_transfer: z.string().optional(),
  time_base: z.string(),
  start_time: z.string().optional(),
  duration: z.string().optional(),
  channels: z.number().optional(),
  sample_rate: z.string().optional(),
  disposition: z.object({ attached_pic: z.number().optional(), default: z.number().optional() }).optional(),
  tags: z.object({ language: z.string().optional() }).optional(),
  side_data_list: z.array(z.object({ rotation: z.number().optional() })).optional(),
});

const description = z.object({
  streams: z.array(stream).default([]),
  format: z.object({
    format_name: z.string(),
    start_time: z.string().optional(),
    duration: z.string().optional(),
  }),
});

/** The parts of ffprobe's JSON that we use. */
export type Description = z.infer<typeof description>;
export type StreamDescription = z.infer<typeof stream>;

/** Reading the headers of a source; more means that something hangs. */
export const DESCRIBE_DEADLINE_MS = 60_000;

/**
 * What the file says about itself.
 * @throws DomainError not_a_video
 */
export async function describeSource(url: string, deps: ToolDeps & { signal: AbortSignal }): Promise<Description> {
  let json = '';
  try {
    await runTool(
      {
        program: 'ffprobe',
        args: describeArgs(url),
        readers: [
          async (output) => {
            json = await boundedText(output);
          },
        ],
        deadlineMs: DESCRIBE_DEADLINE_MS,
        signal: deps.signal,
      },
      deps,
    );
  } catch (cause) {
    // Its own exit is ffprobe's way to say no; being killed or late says nothing about the file.
    if (cause instanceof ToolError && cause.code === 'ffmpeg_failed' && cause.exitCode !== undefined) {
      throw refusal(cause);
    }
    throw cause;
  }
  return parseDescription(json);
}

/** A hundred tracks take a tenth of it, unless their tags are made to fill our memory. */
const MAX_JSON_BYTES = 4 * 1024 * 1024;

async function boundedText(output: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of output) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > MAX_JSON_BYTES) {
      throw new DomainError('source_unsupported', 'The source cannot be processed: it says too much about itself.');
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** What ffprobe says of a file that it cannot read, in words for whoever uploaded it. */
const REASONS: readonly [says: RegExp, code: 'not_a_video' | 'source_unsupported', because: string][] = [
  [
    /moov atom not found/,
    'not_a_video',
    'The file lacks its index (moov): its end is missing, or it was never finished.',
  ],
  [/exceeds max_streams/, 'source_unsupported', 'The source cannot be processed: it has too many tracks.'],
  [
    /Format not on whitelist|Invalid data found/,
    'not_a_video',
    'The file is not a video or audio file that is known here.',
  ],
];

function refusal(cause: ToolError): DomainError {
  const [, code = 'not_a_video' as const, because] = REASONS.find(([says]) => says.test(cause.tail)) ?? [];
  return new DomainError(code, because, { cause });
}

export function parseDescription(json: string): Description {
  const parsed = description.safeParse(JSON.parse(json));
  if (!parsed.success) throw new DomainError('not_a_video', undefined, { cause: parsed.error });
  return parsed.data;
}
