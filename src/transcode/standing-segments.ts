import { generationPrefix, initKey, segmentKey } from '../domain/object-keys.ts';
import type { StoredSegment } from '../domain/tasks.ts';
import { keyframesIn } from '../lib/mp4/keyframes.ts';
import { readTrack, type Track } from '../lib/mp4/track.ts';
import type { RenditionOf, StoreDeps } from './store-rendition.ts';

/** What earlier attempts left of one rendition, of the segments that were asked for. */
export type Standing = {
  readonly init?: { readonly bytes: Buffer; readonly track: Track };
  /** Those that are whole and as planned. */
  readonly segments: readonly StoredSegment[];
  /** Those that something else stands in the place of. */
  readonly invalid: ReadonlySet<number>;
};

export const NOTHING_STANDS: Standing = { segments: [], invalid: new Set() };

export type Wanted = {
  readonly of: RenditionOf;
  readonly firstSegment: number;
  /** Number of segments. */
  readonly count: number;
  /** Ticks that the segment lasts. @throws Error that says what is wrong with its bytes */
  readonly check: (bytes: Buffer, segment: number, track: Track) => number;
};

/**
 * Looks for what an earlier attempt, or a worker that was thought dead, has stored already. Each segment is read whole
 * and held against the plan: nothing is trusted for its name. Without an init that can be read nothing counts.
 * @throws DomainError store_unavailable; the signal's reason
 */
export async function standingSegments(wanted: Wanted, deps: StoreDeps): Promise<Standing> {
  const { rendition } = wanted.of;
  const found = await listSegments(wanted, deps);
  const init = found.length > 0 ? await standingInit(wanted.of, deps) : undefined;
  if (!init) return NOTHING_STANDS;
  const segments: StoredSegment[] = [];
  const invalid = new Set<number>();
  for (const segment of found) {
    const stored = await standingSegment(segment, init.track, wanted, deps);
    if (stored) segments.push(stored);
    else invalid.add(segment);
  }
  if (segments.length > 0) deps.log.info('segments_reused', { rendition, segments: segments.length });
  return { init, segments, invalid };
}

/** Numbers of the wanted segments that something stands for. */
async function listSegments({ of, firstSegment, count }: Wanted, { store, signal }: StoreDeps): Promise<number[]> {
  const prefix = `${generationPrefix(of)}${of.rendition}/`;
  const numbers = new Map(
    Array.from({ length: count }, (_, i) => [segmentKey({ ...of, segment: firstSegment + i }), firstSegment + i]),
  );
  const found: number[] = [];
  const last = segmentKey({ ...of, segment: firstSegment + count - 1 });
  let after: string | undefined = firstSegment === 0 ? '' : segmentKey({ ...of, segment: firstSegment - 1 });
  while (after !== undefined && after < last) {
    const page: Awaited<ReturnType<typeof store.list>> = await store.list(prefix, { after, limit: count, signal });
    for (const { key } of page.objects) {
      const segment = numbers.get(key);
      if (segment !== undefined) found.push(segment);
    }
    after = page.next;
  }
  return found;
}

async function standingInit(of: RenditionOf, { store, signal }: StoreDeps): Promise<Standing['init']> {
  const object = await store.read(initKey(of), { signal });
  const bytes = object && Buffer.from(object.bytes);
  try {
    return bytes && { bytes, track: readTrack(bytes) };
  } catch {
    // No init: the next one that is made takes its place, and says so.
    return undefined;
  }
}

async function standingSegment(
  segment: number,
  track: Track,
  { of, check }: Wanted,
  { store, log, signal }: StoreDeps,
): Promise<StoredSegment | undefined> {
  const key = segmentKey({ ...of, segment });
  const object = await store.read(key, { signal });
  if (!object) return undefined;
  try {
    const bytes = Buffer.from(object.bytes);
    const durationTicks = check(bytes, segment, track);
    const keyframes = of.initType === 'video/mp4' ? { keyframes: keyframesIn(bytes) } : {};
    return { segment, sizeBytes: bytes.length, durationTicks, ...keyframes };
  } catch (error) {
    log.warn('segment_invalid', { rendition: of.rendition, segment, key, reason: (error as Error).message });
    return undefined;
  }
}
