import type { VideoId } from '../domain/ids.ts';
import { type ObjectKey, videoPrefix } from '../domain/object-keys.ts';
import { TwoPartLru } from '../lib/two-part-lru.ts';

/** An object as it is served, whole: bytes are never changed after they entered, and are shared by all responses. */
export type CachedObject = {
  readonly bytes: Buffer;
  /** The same once more where it is small, as Latin-1: node:http then writes head and body in one piece. */
  readonly text?: string;
  /** Quoted, as it goes over the wire. */
  readonly etag: string;
  /** The part of the response head that is the same for every request; flat name-value pairs. */
  readonly head: readonly string[];
  readonly readAtMs: number;
  /** For how long after `readAtMs` it may be served without asking the store again; Infinity where immutable. */
  readonly freshForMs: number;
  /** Of a media playlist: the number of the last segment that it lists, and whether it says that none will follow. */
  readonly listed?: { readonly lastSegment: number; readonly isFinished: boolean };
};

export type SegmentCache = {
  /** A use. The first one of what read-ahead brought is told apart, and is not yet a second use. */
  get(key: ObjectKey): { readonly object: CachedObject; readonly cache: 'hit' | 'prefetched' } | undefined;
  /** Looks without that counting as a use. */
  peek(key: ObjectKey): CachedObject | undefined;
  /** Somebody will ask for it soon: it must not be the next to leave. */
  refresh(key: ObjectKey): void;
  set(key: ObjectKey, object: CachedObject, options?: { readonly isAhead: boolean }): void;
  delete(key: ObjectKey): void;
  /** Drops everything of a withdrawn video. */
  dropVideo(videoId: VideoId): void;
  readonly sizeBytes: number;
  readonly count: number;
};

type Options = {
  readonly maxBytes: number;
  /** Told of what read-ahead brought and nobody asked for before it left. */
  readonly onUnused?: () => void;
};

type Entry = { readonly object: CachedObject; isAhead: boolean };

/** Head, key and bookkeeping of an entry, roughly: so that many tiny objects are bounded, too. */
const ENTRY_OVERHEAD_BYTES = 1024;

/** The memory of an edge; bounded by bytes, because segments differ a thousandfold in size. */
export function createSegmentCache({ maxBytes, onUnused = () => {} }: Options): SegmentCache {
  const lru = new TwoPartLru<Entry>({
    maxSize: maxBytes,
    sizeOf: ({ object: { bytes, text = '' } }) => bytes.length + text.length + ENTRY_OVERHEAD_BYTES,
    onGone: (_, { isAhead }) => {
      if (isAhead) onUnused();
    },
  });
  return {
    get: (key) => use(lru, key),
    peek: (key) => lru.peek(key)?.object,
    refresh: (key) => lru.refresh(key),
    set: (key, object, { isAhead } = { isAhead: false }) => lru.set(key, { object, isAhead }),
    delete: (key) => lru.delete(key),
    dropVideo: (videoId) => void lru.deletePrefix(videoPrefix({ videoId })),
    get sizeBytes() {
      return lru.size;
    },
    get count() {
      return lru.count;
    },
  };
}

function use(lru: TwoPartLru<Entry>, key: ObjectKey) {
  const entry = lru.peek(key);
  if (!entry?.isAhead) {
    const used = lru.get(key);
    return used && { object: used.object, cache: 'hit' as const };
  }
  entry.isAhead = false;
  lru.refresh(key);
  return { object: entry.object, cache: 'prefetched' as const };
}
