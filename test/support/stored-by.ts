import { wholeSound } from '../../src/domain/audio-chunks.ts';
import { plannedTicks } from '../../src/domain/segment-plan.ts';
import type { JobPlan, LentTask, StoredRendition } from '../../src/domain/tasks.ts';

/** The first segments of what a task makes, as its worker reports them; all of them unless told otherwise. */
export function storedBy({ spec }: Pick<LentTask, 'spec'>, count = Infinity): StoredRendition[] {
  if (spec.kind === 'audio') {
    const { plan, chunk = wholeSound(plan) } = spec;
    const own = Math.min(chunk.segments, count);
    return [renditionOf({ rungs: [], audio: [plan] }, plan.rendition, plan.sampleRateHz, chunk.firstSegment, own)];
  }
  if (spec.kind !== 'encode') throw new Error(`a task of kind ${spec.kind} stores no segments`);
  const { grid, rungs, chunk } = spec;
  const own = Math.ceil(chunk.frames / grid.segmentFrames);
  return rungs.map(({ rendition }) =>
    renditionOf({ grid, rungs, audio: [] }, rendition, grid.timescale, chunk.firstSegment, Math.min(own, count)),
  );
}

type Planned = Pick<JobPlan, 'grid' | 'rungs' | 'audio'>;

function renditionOf(
  plan: Planned,
  rendition: string,
  timescale: number,
  first: number,
  count: number,
): StoredRendition {
  const ticks = plannedTicks(plan, rendition).slice(first, first + count);
  const segments = ticks.map((durationTicks, i) => ({ segment: first + i, sizeBytes: 1_000, durationTicks }));
  return { rendition, codec: 'avc1.64001f', timescale, initSha256: 'cd'.repeat(32), initSizeBytes: 700, segments };
}
