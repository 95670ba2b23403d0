import { setTimeout as delay } from 'node:timers/promises';
import { wholeSound } from '../../src/domain/audio-chunks.ts';
import { audioBoundaries } from '../../src/domain/audio-plan.ts';
import { DomainError } from '../../src/domain/errors.ts';
import { sourcePartKey } from '../../src/domain/object-keys.ts';
import type {
  AudioSpec,
  EncodeResult,
  EncodeSpec,
  SourceFacts,
  TaskResult,
  TaskSpec,
  TrialResult,
} from '../../src/domain/tasks.ts';
import { checkAudioSegment } from '../../src/transcode/check-segment.ts';
import { missingSpan, standingRungs, videoOf, wholeRendition } from '../../src/transcode/chunk-rest.ts';
import type { EncodeDeps } from '../../src/transcode/encode-chunk.ts';
import type { MediaPiece } from '../../src/transcode/media-pieces.ts';
import { standingSegments } from '../../src/transcode/standing-segments.ts';
import { type StoreDeps, storeRendition } from '../../src/transcode/store-rendition.ts';
import { tinyAudioInit, tinyAudioSegment, tinyVideoInit, tinyVideoSegment } from '../support/tiny-media.ts';

export type FakeWork = {
  /** How long the next segment, or a probe, takes. */
  readonly segmentMs: () => number;
  /** Chunks but the first of a source of that many bytes end the whole process, as a bug of a decoder would. */
  readonly poisonBytes?: number;
};

const FPS = 25;
/** The ladder then stays the standard one. */
const NOTHING_LEARNT: TrialResult = { widthPx: 320, heightPx: 180, ratesBps: [] };

/**
 * Instead of ffmpeg: a source of n bytes is a video of n seconds, 640 by 360 at 25 frames per second, with sound. What
 * is stored, and how, and what is found from an earlier attempt, is the real thing.
 */
export const fakeEncoder =
  ({ segmentMs, poisonBytes }: FakeWork) =>
  async (spec: TaskSpec, deps: EncodeDeps): Promise<TaskResult> => {
    const work = async (): Promise<void> => delay(segmentMs(), undefined, { signal: deps.signal });
    switch (spec.kind) {
      case 'probe':
        await work();
        return factsOf(spec, deps);
      case 'trial':
        await work();
        return NOTHING_LEARNT;
      case 'encode':
        if (spec.source.sizeBytes === poisonBytes && spec.chunk.chunk > 0) process.kill(process.pid, 'SIGKILL');
        return encodeVideo(spec, work, deps);
      case 'audio':
        return encodeSound(spec, work, deps);
      case 'images':
        await work();
        return { poster: false, storyboard: false };
      default:
        throw new Error(`the fake encoder cannot do ${spec.kind}`);
    }
  };

async function factsOf({ source }: TaskSpec, { store, signal }: StoreDeps): Promise<SourceFacts> {
  const part = await store.read(sourcePartKey({ videoId: source.videoId, part: 0 }), { signal });
  if (!part) throw new DomainError('source_damaged');
  const seconds = source.sizeBytes;
  return {
    container: 'mp4',
    durationSeconds: seconds,
    video: {
      streamIndex: 0,
      codec: 'h264',
      widthPx: 640,
      heightPx: 360,
      frameRate: { numerator: FPS, denominator: 1 },
      frames: seconds * FPS,
      startSeconds: '0',
      interlaced: false,
      squarePixels: true,
      keyframeIntervalSeconds: 2,
    },
    audio: [
      {
        streamIndex: 1,
        codec: 'aac',
        channels: 2,
        sampleRateHz: 48_000,
        language: 'eng',
        startSeconds: '0',
        durationSeconds: seconds,
      },
    ],
  };
}

type Work = () => Promise<void>;

async function encodeVideo(spec: EncodeSpec, work: Work, deps: StoreDeps): Promise<EncodeResult> {
  const { grid, rungs } = spec;
  const standing = await standingRungs(spec, deps);
  const span = missingSpan(spec, [...standing.values()]);
  if (!span) return { renditions: [...standing].map(([name, found]) => wholeRendition(name, found)) };
  const count = Math.ceil(span.frames / grid.segmentFrames);
  const make = (segment: number): MediaPiece => tinyVideoSegment(segment, grid);
  const encode = (rung: (typeof rungs)[number]) => {
    const pieces = piecesOf(tinyVideoInit(grid.timescale), { first: span.firstSegment, count, make, work });
    return storeRendition(pieces, videoOf(spec, rung), deps, standing.get(rung.rendition));
  };
  return { renditions: await Promise.all(rungs.map(encode)) };
}

async function encodeSound(spec: AudioSpec, work: Work, deps: StoreDeps): Promise<EncodeResult> {
  const { plan, source, generation, chunk = wholeSound(plan) } = spec;
  const of = { videoId: source.videoId, generation, rendition: plan.rendition, initType: 'audio/mp4' } as const;
  const cut = { plan, boundaries: audioBoundaries(plan) };
  const { firstSegment, segments: count } = chunk;
  const check = (...[bytes, segment, track]: Parameters<Parameters<typeof standingSegments>[0]['check']>) =>
    checkAudioSegment(bytes, segment, track, cut);
  const standing = await standingSegments({ of, firstSegment, count, check }, deps);
  const make = (segment: number): MediaPiece => tinyAudioSegment(segment, plan);
  const pieces = piecesOf(tinyAudioInit(plan.sampleRateHz), { first: firstSegment, count, make, work });
  return { renditions: [await storeRendition(pieces, of, deps, standing)] };
}

type Series = { first: number; count: number; make: (segment: number) => MediaPiece; work: Work };

async function* piecesOf(init: MediaPiece, { first, count, make, work }: Series): AsyncGenerator<MediaPiece> {
  yield init;
  for (let segment = first; segment < first + count; segment++) {
    await work();
    yield make(segment);
  }
}
