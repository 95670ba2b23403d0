import { LRUCache } from 'lru-cache';
import type { VideoId } from '../domain/ids.ts';
import type { ObjectKey } from '../domain/object-keys.ts';

/** An object as it is served, whole: bytes are never changed after they entered, and are shared by all responses. */
export type CachedObject = {
  readonly bytes: Buffer;
  /** Quoted, as it goes over the wire. */
  readonly etag: string;
  /** The part of the response head that is the same for every request; flat name-value pairs. */
  readonly head: readonly string[];
  readonly readAtMs: number;
  /** For how long after `readAtMs` it may be served without asking the store again; Infinity where immutable. */
  readonly freshForMs: number;
};

export type SegmentCache = {
  get(key: ObjectKey): CachedObject | undefined;
  set(key: ObjectKey, object: CachedObject): void;
  delete(key: ObjectKey): void;
  /** Drops everything of a withdrawn video; returns how many objects that were. */
  dropVideo(videoId: VideoId): number;
  readonly sizeBytes: number;
  readonly count: number;
};

/** Head, key and bookkeeping of an entry, roughly: so that many tiny objects are bounded, too. */
const ENTRY_OVERHEAD_BYTES = 1024;

/** Least recently used goes first; bounded by bytes, because segments differ a thousandfold in size. */
export function createSegmentCache({ maxBytes }: { readonly maxBytes: number }): SegmentCache {
  const lru = new LRUCache<ObjectKey, CachedObject>({
    maxSize: maxBytes,
    sizeCalculation: (object) => object.bytes.length + ENTRY_OVERHEAD_BYTES,
  });
  return {
    get: (key) => lru.get(key),
    set: (key, object) => void lru.set(key, object),
    delete: (key) => void lru.delete(key),
    dropVideo: (videoId) => dropPrefix(lru, `videos/${videoId}/`),
    get sizeBytes() {
      return lru.calculatedSize;
    },
    get count() {
      return lru.size;
    },
  };
}

function dropPrefix(lru: LRUCache<ObjectKey, CachedObject>, prefix: string): number {
  const keys = [...lru.keys()].filter((key) => key.startsWith(prefix));
  for (const key of keys) lru.delete(key);
  return keys.length;
}
