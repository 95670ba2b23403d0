import { setTimeout as delay } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import type { LogEvent } from '../domain/log-events.ts';
import type { PlaybackObject } from '../domain/object-keys.ts';
import type { Clock } from '../domain/ports.ts';
import { Coalescer } from '../lib/coalesce.ts';
import type { Log } from '../lib/log.ts';
import type { TracePoint } from '../lib/trace.ts';
import { isImmutable } from './object-head.ts';
import type { ReadObject, Tier } from './read-object.ts';
import type { CachedObject, SegmentCache } from './segment-cache.ts';

/** Held; brought by read-ahead and now asked for first; read for this request; read already under way for another. */
export type CacheOutcome = 'hit' | 'prefetched' | 'miss' | 'coalesced';
export type LoadedObject = {
  readonly object: CachedObject | undefined;
  readonly cache: CacheOutcome;
  /** Where the bytes were found; none for what is known to be missing. */
  readonly tier?: Tier | undefined;
  /** Older than it should be: the store does not answer. */
  readonly isStale?: true;
};

export type Loader = {
  /** @param trace of the request; what is read for several is a part of the first one's */
  load(wanted: PlaybackObject, trace?: TracePoint): Promise<LoadedObject>;
  /** For read-ahead: undefined when there is nothing to do. What is then missing is not remembered as missing. */
  ahead(wanted: PlaybackObject, trace?: TracePoint): Promise<LoadedObject> | undefined;
  readonly readsUnderWay: number;
};

type Deps = {
  readonly read: ReadObject;
  /** Of what can change, a version that may be older: for while the store is away and memory has none. */
  readonly recall: (wanted: PlaybackObject) => Promise<CachedObject | undefined>;
  readonly cache: SegmentCache;
  readonly clock: Clock;
  readonly log: Log<LogEvent>;
};

/** Long enough to blunt a burst of requests for what is not there, short enough that nobody waits for what comes. */
const MISSING_FOR_MS = 1000;
const MAX_MISSING_KEYS = 10_000;
/**
 * How long a request waits for what it has an older version of. The look whether the video is still published may wait
 * 0.4 s before this, and the router gives up on an edge after 0.8 s.
 */
const WAIT_FOR_REREAD_MS = 300;
/** After a re-read that failed or was late, older versions are served for this long without another wait. */
const TRUST_STALE_FOR_MS = 1000;
const MAX_STALE_KEYS = 10_000;

/**
 * Answers from memory, else from disk or store; many who miss the same key at once cause one read. What may have
 * changed is read again when it is no longer fresh, and is served as last seen while the store is down.
 */
export function createLoader({ read, recall, cache, clock, log }: Deps): Loader {
  const reads = new Coalescer<{ object: CachedObject | undefined; tier: Tier }>();
  const recalls = new Coalescer<CachedObject | undefined>();
  const missingUntilMs = new LRUCache<string, number>({ max: MAX_MISSING_KEYS });
  const staleUntilMs = new LRUCache<string, number>({ max: MAX_STALE_KEYS });
  return {
    load,
    ahead,
    get readsUnderWay() {
      return reads.size;
    },
  };

  async function load(wanted: PlaybackObject, trace?: TracePoint): Promise<LoadedObject> {
    const nowMs = clock.nowMs();
    const inMemory = cache.get(wanted.key);
    if (!inMemory && nowMs < (missingUntilMs.get(wanted.key) ?? 0)) return { object: undefined, cache: 'hit' };
    const held = inMemory ?? (isImmutable(wanted) ? undefined : await recallOnce(wanted));
    if (held && nowMs - held.object.readAtMs < held.object.freshForMs) return { tier: 'ram', ...held };
    if (held) return reread(wanted, { tier: 'ram', ...held }, nowMs, trace);
    const { joined, value } = readOnce(wanted, false, trace);
    const found = await value;
    noteMissing(wanted, found.object);
    // What was on its way in for read-ahead is asked for now.
    if (joined) cache.get(wanted.key);
    return { ...found, cache: joined ? 'coalesced' : outcomeOf(found.tier) };
  }

  function ahead(wanted: PlaybackObject, trace?: TracePoint): Promise<LoadedObject> | undefined {
    if (cache.peek(wanted.key) || reads.has(wanted.key)) return undefined;
    return readOnce(wanted, true, trace).value.then((found) => ({ ...found, cache: 'miss' }));
  }

  /** It is put into memory as too old, so that it is read anew wherever the store answers. */
  async function recallOnce(wanted: PlaybackObject): Promise<HeldObject | undefined> {
    const copy = await recalls.run(wanted.key, () => recall(wanted)).value;
    // Somebody may have read a newer one meanwhile.
    const newer = cache.get(wanted.key);
    if (newer || !copy) return newer;
    cache.set(wanted.key, copy);
    return { object: copy, cache: 'hit', tier: 'disk' };
  }

  async function reread(
    wanted: PlaybackObject,
    held: HeldObject,
    nowMs: number,
    trace: TracePoint | undefined,
  ): Promise<LoadedObject> {
    const stale = { ...held, cache: 'hit', isStale: true } as const;
    if (nowMs < (staleUntilMs.get(wanted.key) ?? 0)) return stale;
    const { joined, value } = readOnce(wanted, false, trace);
    const outcome = value.catch((err: unknown) => {
      if (!joined) log.warn('store_read_failed', { key: wanted.key, servedStale: true, err });
      return undefined;
    });
    const found = await Promise.race([outcome, delay(WAIT_FOR_REREAD_MS, undefined, { ref: false })]);
    if (found) {
      noteMissing(wanted, found.object);
      return { ...found, cache: joined ? 'coalesced' : outcomeOf(found.tier) };
    }
    staleUntilMs.set(wanted.key, clock.nowMs() + TRUST_STALE_FOR_MS);
    return stale;
  }

  function noteMissing(wanted: PlaybackObject, found: CachedObject | undefined): void {
    if (!found) missingUntilMs.set(wanted.key, clock.nowMs() + MISSING_FOR_MS);
  }

  function readOnce(wanted: PlaybackObject, isAhead: boolean, trace: TracePoint | undefined) {
    return reads.run(wanted.key, async () => {
      const found = await read(wanted, trace);
      if (found.object) cache.set(wanted.key, found.object, { isAhead });
      else cache.delete(wanted.key);
      return found;
    });
  }
}

type HeldObject = { readonly object: CachedObject; readonly cache: CacheOutcome; readonly tier?: Tier };

/** The disk is a part of the cache. */
const outcomeOf = (tier: Tier): CacheOutcome => (tier === 'disk' ? 'hit' : 'miss');
