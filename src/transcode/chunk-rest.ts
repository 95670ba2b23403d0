import { segmentCount } from '../domain/cut-plan.ts';
import type { Chunk, EncodeSpec, Rung, StoredRendition } from '../domain/tasks.ts';
import { checkVideoSegment } from './check-segment.ts';
import { type Standing, standingSegments, type Wanted } from './standing-segments.ts';
import { describeRendition, type RenditionOf, type StoreDeps } from './store-rendition.ts';

/** What stands of each rung of a chunk, by rendition. */
export type StandingRungs = ReadonlyMap<string, Standing>;

export const videoOf = ({ source, generation }: EncodeSpec, { rendition }: Rung): RenditionOf => ({
  videoId: source.videoId,
  generation,
  rendition,
  initType: 'video/mp4',
});

/** What earlier attempts at a chunk left. */
export async function standingRungs(spec: EncodeSpec, deps: StoreDeps): Promise<StandingRungs> {
  const { grid, chunk } = spec;
  const check: Wanted['check'] = (bytes, segment, track) => checkVideoSegment(bytes, segment, track, grid);
  const wanted = { firstSegment: chunk.firstSegment, count: segmentsOf(spec), check };
  const standingOf = async (rung: Rung) =>
    [rung.rendition, await standingSegments({ ...wanted, of: videoOf(spec, rung) }, deps)] as const;
  return new Map(await Promise.all(spec.rungs.map(standingOf)));
}

/**
 * The part of a chunk that has to be encoded: from the first segment that any rung lacks to the last one, whole, since
 * one run of ffmpeg makes one stretch of time in all rungs. Undefined where nothing is missing.
 */
export function missingSpan(
  spec: Pick<EncodeSpec, 'grid' | 'chunk'>,
  rungs: readonly Pick<Standing, 'segments'>[],
): Chunk | undefined {
  const { grid, chunk } = spec;
  const all = Array.from({ length: segmentsOf(spec) }, (_, i) => chunk.firstSegment + i);
  const kept = rungs.map(({ segments }) => new Set(segments.map(({ segment }) => segment)));
  const missing = all.filter((segment) => kept.some((has) => !has.has(segment)));
  const [firstSegment] = missing;
  const lastSegment = missing.at(-1);
  if (firstSegment === undefined || lastSegment === undefined) return undefined;
  const firstFrame = firstSegment * grid.segmentFrames;
  const endFrame = Math.min((lastSegment + 1) * grid.segmentFrames, chunk.firstFrame + chunk.frames);
  return { chunk: chunk.chunk, firstSegment, firstFrame, frames: endFrame - firstFrame };
}

/** How many segments the chunk has. */
const segmentsOf = ({ grid, chunk }: Pick<EncodeSpec, 'grid' | 'chunk'>): number =>
  segmentCount({ ...grid, frames: chunk.frames });

/** A rendition of which nothing is missing. */
export function wholeRendition(rendition: string, { init, segments }: Standing): StoredRendition {
  if (!init) throw new Error(`${rendition} is whole and has no init`);
  return describeRendition(rendition, init, segments);
}
