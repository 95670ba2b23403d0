import { createHash } from 'node:crypto';
import { wholeSound } from '../../src/domain/audio-chunks.ts';
import { initKey, segmentKey } from '../../src/domain/object-keys.ts';
import type { ObjectStore } from '../../src/domain/ports.ts';
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

const INIT = new Uint8Array(700);
const INIT_SHA256 = createHash('sha256').update(INIT).digest('hex');

/** All that a task makes, put into the store as well. */
export async function storeAllOf(task: LentTask, store: Pick<ObjectStore, 'putIfAbsent'>): Promise<StoredRendition[]> {
  const renditions = storedBy(task).map((made) => ({ ...made, initSha256: INIT_SHA256 }));
  const options = { contentType: 'video/mp4' };
  for (const { rendition, segments } of renditions) {
    const of = { videoId: task.videoId, generation: task.spec.generation, rendition };
    await store.putIfAbsent(initKey(of), INIT, options);
    for (const { segment, sizeBytes } of segments)
      await store.putIfAbsent(segmentKey({ ...of, segment }), new Uint8Array(sizeBytes), options);
  }
  return renditions;
}
