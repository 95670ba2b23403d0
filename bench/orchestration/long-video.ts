import { audioBoundaries } from '../../src/domain/audio-plan.ts';
import { framesOfSegment } from '../../src/domain/cut-plan.ts';
import { planJob } from '../../src/domain/plan-job.ts';
import type { SourceFacts, StoredRendition, TaskResult, TaskSpec } from '../../src/domain/tasks.ts';

/** Orchestrators alone; a probe is followed by its plan at once. */
export const LENDERS = { encoder: 'fake', workers: 0, orchestratorSettings: { MILLRACE_LADDER: 'standard' } } as const;
const FRAMES_PER_SECOND = 25;
const SECONDS_PER_CHUNK = 16;

/** Facts of a silent video of one rung, long enough for about so many chunks. */
export function factsOfChunks(chunks: number): SourceFacts {
  let seconds = chunks * SECONDS_PER_CHUNK;
  while (seconds > 4 && planJob(factsOf(seconds)).chunks.length > chunks) seconds -= 4;
  return factsOf(seconds);
}

function factsOf(durationSeconds: number): SourceFacts {
  const video = {
    streamIndex: 0,
    codec: 'h264',
    widthPx: 426,
    heightPx: 240,
    frameRate: { numerator: FRAMES_PER_SECOND, denominator: 1 },
    frames: durationSeconds * FRAMES_PER_SECOND,
    startSeconds: '0.000000',
    interlaced: false,
    squarePixels: true,
    keyframeIntervalSeconds: 2,
  };
  return { container: 'mov', durationSeconds, video, audio: [] };
}

const INIT = { initSha256: 'cd'.repeat(32), initSizeBytes: 700 };
const SEGMENT_BYTES = 1_000;

/** What a worker would say of a task that it did; nothing is stored. */
export function resultOf(spec: TaskSpec, facts: SourceFacts): TaskResult {
  if (spec.kind === 'probe') return facts;
  if (spec.kind === 'encode') return { renditions: spec.rungs.map(({ rendition }) => encoded(rendition, spec)) };
  if (spec.kind === 'images') return { poster: false, storyboard: false };
  if (spec.kind !== 'audio') throw new Error(`nobody asks for ${spec.kind} here`);
  const { rendition, sampleRateHz } = spec.plan;
  const segments = audioBoundaries(spec.plan)
    .slice(1)
    .map((_, segment) => ({ segment, sizeBytes: SEGMENT_BYTES, durationTicks: sampleRateHz }));
  return { renditions: [{ rendition, codec: 'mp4a.40.2', timescale: sampleRateHz, ...INIT, segments }] };
}

function encoded(rendition: string, { grid, chunk }: Extract<TaskSpec, { kind: 'encode' }>): StoredRendition {
  const count = Math.ceil(chunk.frames / grid.segmentFrames);
  const segments = Array.from({ length: count }, (_, i) => {
    const segment = chunk.firstSegment + i;
    return { segment, sizeBytes: SEGMENT_BYTES, durationTicks: framesOfSegment(grid, segment) * grid.ticksPerFrame };
  });
  return { rendition, codec: 'avc1.64001f', timescale: grid.timescale, ...INIT, segments };
}
