import { LRUCache } from 'lru-cache';
import { DomainError } from '../domain/errors.ts';
import type { LogEvent } from '../domain/log-events.ts';
import type { PlaybackObject } from '../domain/object-keys.ts';
import type { Clock, ObjectStore } from '../domain/ports.ts';
import { Coalescer } from '../lib/coalesce.ts';
import type { Log } from '../lib/log.ts';
import { toCached } from './object-head.ts';
import type { CachedObject, SegmentCache } from './segment-cache.ts';

/** Where an answer came from: the cache, the store, or a store read that was already under way. */
export type CacheOutcome = 'hit' | 'miss' | 'coalesced';
export type LoadedObject = { readonly object: CachedObject | undefined; readonly cache: CacheOutcome };
export type LoadObject = (wanted: PlaybackObject) => Promise<LoadedObject>;

type Deps = {
  readonly store: Pick<ObjectStore, 'read'>;
  readonly cache: SegmentCache;
  readonly clock: Clock;
  readonly log: Log<LogEvent>;
  /** Told the outcome of every store read: the edge's health follows from it. */
  readonly onStoreRead: (outcome: 'ok' | 'failed') => void;
};

/** Past this, a player has long asked again, and the store counts as down. */
const READ_DEADLINE_MS = 10_000;
/** Bounds the memory of segments that are on their way in: at 4 MB each, 1 GB. */
const MAX_READS_UNDER_WAY = 256;
/** Long enough to blunt a burst of requests for what is not there, short enough that nobody waits for what comes. */
const MISSING_FOR_MS = 1000;
const MAX_MISSING_KEYS = 10_000;

/**
 * Answers from the cache, else from the store; many who miss the same key at once cause one read. What may have
 * changed is read again when it is no longer fresh, and is served as last seen while the store is down.
 * A disk cache will stand between the two, inside `readObject`.
 */
export function createLoadObject(deps: Deps): LoadObject {
  const { cache, clock, log } = deps;
  const reads = new Coalescer<CachedObject | undefined>();
  const missingSinceMs = new LRUCache<string, number>({ max: MAX_MISSING_KEYS });

  return async (wanted) => {
    const cached = cache.get(wanted.key);
    const nowMs = clock.nowMs();
    if (cached && nowMs - cached.readAtMs < cached.freshForMs) return { object: cached, cache: 'hit' };
    if (isKnownMissing(missingSinceMs.get(wanted.key), nowMs)) return { object: undefined, cache: 'hit' };
    if (reads.size >= MAX_READS_UNDER_WAY) throw new DomainError('store_unavailable', 'Too many reads are under way.');
    const { joined, value } = reads.run(wanted.key, () => readObject(wanted));
    try {
      return { object: await value, cache: joined ? 'coalesced' : 'miss' };
    } catch (err) {
      if (!cached) throw err;
      if (!joined) log.warn('store_read_failed', { key: wanted.key, servedStale: true, err });
      return { object: cached, cache: 'hit' };
    }
  };

  async function readObject(wanted: PlaybackObject): Promise<CachedObject | undefined> {
    const stored = await readStore(deps, wanted);
    if (!stored) {
      cache.delete(wanted.key);
      missingSinceMs.set(wanted.key, clock.nowMs());
      return undefined;
    }
    const object = toCached(wanted, stored, clock.nowMs());
    cache.set(wanted.key, object);
    return object;
  }
}

async function readStore({ store, onStoreRead }: Deps, { key }: PlaybackObject) {
  try {
    const stored = await store.read(key, { signal: AbortSignal.timeout(READ_DEADLINE_MS) });
    onStoreRead('ok');
    return stored;
  } catch (cause) {
    onStoreRead('failed');
    throw new DomainError('store_unavailable', `Reading ${key} failed.`, { cause });
  }
}

const isKnownMissing = (sinceMs: number | undefined, nowMs: number): boolean =>
  sinceMs !== undefined && nowMs - sinceMs < MISSING_FOR_MS;
