import { DomainError } from '../../domain/errors.ts';
import type { VideoId } from '../../domain/ids.ts';
import { initKey, type ObjectKey, segmentKey } from '../../domain/object-keys.ts';
import type { ObjectStore, StoredObject } from '../../domain/ports.ts';
import type { StoredRendition } from '../../domain/tasks.ts';
import { type PlacedFragment, readFragments } from '../../lib/mp4/read-fragments.ts';
import { SampleTable } from '../../lib/mp4/sample-table.ts';

export type OfGeneration = { readonly videoId: VideoId; readonly generation: number };
export type IndexDeps = { readonly store: Pick<ObjectStore, 'read'>; readonly signal: AbortSignal };

/** What a player must know of a rendition to play it from one file, and where in its segments the samples lie. */
export type RenditionIndex = {
  readonly init: Buffer;
  readonly table: SampleTable;
  /** Runs of samples by segment. */
  readonly runs: readonly (readonly SampleRun[])[];
};
export type SampleRun = { readonly key: ObjectKey; readonly first: number; readonly sizeBytes: number };

const SEGMENTS_AT_ONCE = 16;

/** Reads the headers of all segments, a few kilobytes of each, and none of their samples. */
export async function indexRendition(
  of: OfGeneration,
  { rendition, segments }: StoredRendition,
  deps: IndexDeps,
): Promise<RenditionIndex> {
  const init = await needObject(initKey({ ...of, rendition }), deps);
  const table = new SampleTable();
  const runs: SampleRun[][] = [];
  for (let i = 0; i < segments.length; i += SEGMENTS_AT_ONCE) {
    const batch = segments.slice(i, i + SEGMENTS_AT_ONCE).map(async ({ segment, sizeBytes }) => {
      const key = segmentKey({ ...of, rendition, segment });
      return { key, fragments: await fragmentsOf(key, sizeBytes, deps) };
    });
    for (const { key, fragments } of await Promise.all(batch)) {
      for (const { fragment } of fragments) table.add(fragment);
      runs.push(fragments.map(({ first, sizeBytes }) => ({ key, first, sizeBytes })));
    }
  }
  return { init: Buffer.from(init.bytes), table, runs };
}

const fragmentsOf = (key: ObjectKey, sizeBytes: number, deps: IndexDeps): Promise<PlacedFragment[]> =>
  readFragments(sizeBytes, async (first, last) => (await needObject(key, deps, { first, last })).bytes);

async function needObject(
  key: ObjectKey,
  { store, signal }: IndexDeps,
  range?: { first: number; last: number },
): Promise<StoredObject> {
  const object = await store.read(key, range ? { range, signal } : { signal });
  if (!object) throw new DomainError('store_unavailable', `${key} is not in the object store.`);
  return object;
}
