import { framesOfSegment, segmentCount } from '../../src/domain/cut-plan.ts';
import { codecLadder } from '../../src/domain/ladder.ts';
import { planJob } from '../../src/domain/plan-job.ts';
import { plannedTicks } from '../../src/domain/segment-plan.ts';
import type {
  FrameRate,
  JobPlan,
  SourceFacts,
  StoredRendition,
  StoredSegment,
  VideoCodec,
} from '../../src/domain/tasks.ts';

export type FinishedJobOptions = {
  readonly frames?: number;
  readonly frameRate?: FrameRate;
  readonly video?: boolean;
  readonly audio?: boolean;
  readonly language?: string;
  /** Beside H.264. */
  readonly newerCodecs?: readonly VideoCodec[];
};
export type FinishedJob = { readonly plan: JobPlan; readonly results: StoredRendition[] };

/** A plan for a 720p source, and what workers would have stored for it: one result for each chunk and rendition. */
export function finishedJob(options: FinishedJobOptions = {}): FinishedJob {
  const planned = planJob(factsOf(options));
  const newer = (options.newerCodecs ?? []).flatMap((codec) => codecLadder(planned.rungs, codec));
  const plan = { ...planned, rungs: [...planned.rungs, ...newer] };
  return { plan, results: [...videoResults(plan), ...audioResults(plan)] };
}

function factsOf({ frames = 1_000, frameRate = NTSC, video = true, audio = true, language }: FinishedJobOptions) {
  const seconds = (frames * frameRate.denominator) / frameRate.numerator;
  const size = { widthPx: 1280, heightPx: 720, interlaced: false, squarePixels: true, keyframeIntervalSeconds: 2 };
  const picture = { streamIndex: 0, codec: 'h264', startSeconds: '0', frameRate, frames, ...size };
  const sound = { streamIndex: 1, codec: 'aac', channels: 2, sampleRateHz: 48_000, startSeconds: '0' };
  const facts: SourceFacts = {
    container: 'mov',
    durationSeconds: seconds,
    ...(video ? { video: picture } : {}),
    audio: audio ? [{ ...sound, durationSeconds: seconds, ...(language === undefined ? {} : { language }) }] : [],
  };
  return facts;
}

const NTSC = { numerator: 30_000, denominator: 1_001 };
const CODECS = { h264: 'avc1.64001f', hevc: 'hvc1.1.6.L93.90', av1: 'av01.0.05M.08' };
const INIT = { initSha256: 'ab'.repeat(32), initSizeBytes: 800 };

function videoResults({ grid, rungs, chunks }: JobPlan): StoredRendition[] {
  if (!grid) return [];
  const all = Array.from({ length: segmentCount(grid) }, (_, segment) => {
    return { segment, durationTicks: framesOfSegment(grid, segment) * grid.ticksPerFrame };
  });
  return chunks.flatMap(({ firstSegment, frames }) => {
    const mine = all.slice(firstSegment, firstSegment + Math.ceil(frames / grid.segmentFrames));
    return rungs.map(({ rendition, maxrateBps, codec = 'h264' }) => {
      const bytes = ({ durationTicks }: { durationTicks: number }): number =>
        Math.ceil(((durationTicks / grid.timescale) * maxrateBps) / 8);
      const gopTicks = grid.gopFrames * grid.ticksPerFrame;
      const keyframes = ({ durationTicks }: { durationTicks: number }) =>
        Array.from({ length: Math.ceil(durationTicks / gopTicks) }, (_, i) => [24 + i * 100_000, 9_000 + i] as const);
      const segments: StoredSegment[] = mine.map((segment) => ({
        ...segment,
        sizeBytes: bytes(segment),
        keyframes: keyframes(segment),
      }));
      return { rendition, codec: CODECS[codec], timescale: grid.timescale, ...INIT, segments };
    });
  });
}

function audioResults(plan: JobPlan): StoredRendition[] {
  return plan.audio.map(({ rendition, sampleRateHz }) => {
    const ticks = plannedTicks(plan, rendition);
    const segments = ticks.map((durationTicks, segment) => ({ segment, sizeBytes: 64_000, durationTicks }));
    return { rendition, codec: 'mp4a.40.2', timescale: sampleRateHz, ...INIT, segments };
  });
}
