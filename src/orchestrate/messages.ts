import { z } from 'zod';
import { MAX_CAPTION_BYTES, MAX_CAPTION_TRACKS } from '../domain/captions.ts';

/**
 * What workers say to the orchestrator. Workers are ours and hold a token, yet they may be of another version while a
 * cluster is upgraded: fields that are not known here are passed over, one that is missing or of another form gets a 400
 * and the task stays as it was.
 */
const token = z.int().nonnegative();
const frameRate = z.object({ numerator: z.int().positive(), denominator: z.int().positive() });

/** Of both claim and connect. */
export const workerMessage = z.object({
  worker: z.string().min(1).max(200),
  session: z.uuid(),
  version: z.string().max(100),
  contract: z.int().nonnegative().exactOptional(),
  cores: z.int().positive(),
  memoryMib: z.int().positive(),
  encoders: z.array(z.string().max(64)).max(64),
});
export const tokenMessage = z.object({ token });

export const failMessage = z.object({
  token,
  failure: z.object({
    code: z.string().max(64),
    message: z.string().max(2_000),
    tail: z.string().max(20_000).optional(),
    cause: z.enum(['input', 'store', 'worker', 'attempt']),
  }),
});

const videoTrack = z.object({
  streamIndex: z.int().nonnegative(),
  codec: z.string(),
  widthPx: z.int().positive(),
  heightPx: z.int().positive(),
  frameRate,
  frames: z.int().nonnegative(),
  startSeconds: z.string(),
  interlaced: z.boolean(),
  squarePixels: z.boolean(),
  keyframeIntervalSeconds: z.number().nonnegative(),
});

const audioTrack = z.object({
  streamIndex: z.int().nonnegative(),
  codec: z.string(),
  channels: z.int().positive(),
  sampleRateHz: z.int().positive(),
  language: z.string().optional(),
  startSeconds: z.string(),
  durationSeconds: z.number().nonnegative(),
});

const sourceFacts = z.looseObject({
  container: z.string(),
  durationSeconds: z.number().nonnegative(),
  video: videoTrack.loose().optional(),
  audio: z.array(audioTrack.loose()),
  coverStreamIndex: z.int().nonnegative().optional(),
  text: z
    .array(z.object({ streamIndex: z.int().nonnegative(), codec: z.string(), language: z.string().optional() }))
    .max(1_000)
    .optional(),
});

const segment = z.object({
  segment: z.int().nonnegative(),
  sizeBytes: z.int().positive(),
  durationTicks: z.int().positive(),
  keyframes: z
    .array(z.tuple([z.int().nonnegative(), z.int().positive()]))
    .max(16)
    .exactOptional(),
});

const encodeResult = z.object({
  renditions: z.array(
    z.object({
      rendition: z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/),
      codec: z.string().max(64),
      timescale: z.int().positive(),
      initSha256: z.string().regex(/^[0-9a-f]{64}$/),
      initSizeBytes: z.int().positive(),
      segments: z.array(segment),
    }),
  ),
});

export const reportMessage = z.object({ token, renditions: encodeResult.shape.renditions });
const trialResult = z.object({
  widthPx: z.int().positive(),
  heightPx: z.int().positive(),
  ratesBps: z.array(z.number().positive()).max(20),
});

const textResult = z.object({
  tracks: z
    .array(
      z.object({
        language: z.string().max(35),
        label: z.string().max(100),
        origin: z.literal('embedded'),
        webvtt: z.string().max(MAX_CAPTION_BYTES),
      }),
    )
    .max(MAX_CAPTION_TRACKS),
});
const imagesResult = z.object({ poster: z.boolean(), storyboard: z.boolean() });

export const completeMessage = z.object({
  token,
  result: z.union([encodeResult, trialResult, imagesResult, textResult, sourceFacts]),
});
export const taskParams = z.object({ taskId: z.uuid() });
