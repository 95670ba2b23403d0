import { framesOfSegment, segmentCount } from '../../src/domain/cut-plan.ts';
import { planJob } from '../../src/domain/plan-job.ts';
import { plannedTicks } from '../../src/domain/segment-plan.ts';
import type { FrameRate, JobPlan, SourceFacts, StoredRendition, StoredSegment } from '../../src/domain/tasks.ts';

export type FinishedJobOptions = {
  readonly frames?: number;
  readonly frameRate?: FrameRate;
  readonly video?: boolean;
  readonly audio?: boolean;
  readonly language?: string;
};
export type FinishedJob = { readonly plan: JobPlan; readonly results: StoredRendition[] };

/** A plan for a 720p source, and what workers would have stored for it: one result for each chunk and rendition. */
export function finishedJob(options: FinishedJobOptions = {}): FinishedJob {
  const plan = planJob(factsOf(options));
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
const INIT = { initSha256: 'ab'.repeat(32), initSizeBytes: 800 };

function videoResults({ grid, rungs, chunks }: JobPlan): StoredRendition[] {
  if (!grid) return [];
  const all = Array.from({ length: segmentCount(grid) }, (_, segment) => {
    return { segment, durationTicks: framesOfSegment(grid, segment) * grid.ticksPerFrame };
  });
  return chunks.flatMap(({ firstSegment, frames }) => {
    const mine = all.slice(firstSegment, firstSegment + Math.ceil(frames / grid.segmentFrames));
    return rungs.map(({ rendition, maxrateBps }) => {
      const bytes = ({ durationTicks }: { durationTicks: number }): number =>
        Math.ceil(((durationTicks / grid.timescale) * maxrateBps) / 8);
      const segments: StoredSegment[] = mine.map((segment) => ({ ...segment, sizeBytes: bytes(segment) }));
      return { rendition, codec: 'avc1.64001f', timescale: grid.timescale, ...INIT, segments };
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
