import type { Registry } from 'prom-client';
import type { LogEvent } from '../domain/log-events.ts';
import type { ObjectDisk } from '../domain/object-disk.ts';
import { type PlaybackObject, videoPrefix } from '../domain/object-keys.ts';
import type { Clock, ObjectStore } from '../domain/ports.ts';
import type { Log } from '../lib/log.ts';
import { createTextSigner } from '../lib/sign-text.ts';
import type { PointAt } from '../lib/trace.ts';
import { createSessionCheck } from './check-session.ts';
import { createDrain, type Drain } from './drain.ts';
import { createEdgeMetrics, type EdgeMetrics } from './edge-metrics.ts';
import type { GetSegmentDeps } from './get-segment.ts';
import { createLastSeen } from './last-seen.ts';
import { createLoader } from './load-object.ts';
import { logServed } from './log-served.ts';
import { toCached } from './object-head.ts';
import { createPublishedCheck } from './published-check.ts';
import { createReadAhead } from './read-ahead.ts';
import { createReadObject, type StoreRead } from './read-object.ts';
import { type CachedObject, createSegmentCache, type SegmentCache } from './segment-cache.ts';
import { createStoreHealth, type StoreHealth, type StoreOutcome } from './store-health.ts';

export type EdgeDeps = {
  readonly store: Pick<ObjectStore, 'read' | 'head'>;
  readonly log: Log<LogEvent>;
  readonly clock: Clock;
  /** Shared with the router, which signs what this edge checks. */
  readonly secret: string;
  /** Name of this edge in logs and answers. */
  readonly edge: string;
  readonly version: string;
  /** Bound of the memory of segments. */
  readonly cacheBytes: number;
  /** Copies beneath the memory; whoever opened it also ends it. */
  readonly disk?: ObjectDisk;
  /** Small: playlists and what was last known of videos, kept apart so that no segments push them out. */
  readonly lastSeenDisk?: ObjectDisk;
  /** Where its metrics stand beside those of its process; unset, alone. */
  readonly registry?: Registry;
  /** Set where requests are traced. */
  readonly pointAt?: PointAt | undefined;
};

/** The parts of an edge, put together. */
export type Edge = {
  readonly serving: GetSegmentDeps;
  readonly cache: SegmentCache;
  readonly metrics: EdgeMetrics;
  readonly disk: ObjectDisk | undefined;
  readonly health: StoreHealth;
  readonly drain: Drain;
  /** Sessions that asked for something lately. */
  readonly countPlaying: () => number;
  readonly readsUnderWay: () => number;
  readonly about: { readonly edge: string; readonly version: string; readonly uptimeSeconds: () => number };
};

/** Of what is on its way for read-ahead, as a part of the memory: it must not push out what is in use. */
const AHEAD_SHARE = 1 / 8;
const MAX_AHEAD_BYTES = 64 * 1024 * 1024;

export function assembleEdge(deps: EdgeDeps): Edge {
  const { store, disk, log, clock, secret, edge, version, cacheBytes } = deps;
  const lastSeen = createLastSeen(deps.lastSeenDisk);
  const metrics = createEdgeMetrics(deps.registry);
  const cache = createSegmentCache({ maxBytes: cacheBytes, onUnused: () => metrics.countAhead('unused') });
  const health = createStoreHealth({ store, clock, log });
  const onStoreRead = (outcome: StoreOutcome, durationMs: number, read?: StoreRead): void => {
    health.note(outcome);
    metrics.countStoreRead(outcome, durationMs);
    if (read) log.debug('store_read', { ...read, outcome, durationMs });
  };
  const read = createReadObject({ store, disk, lastSeen, clock, onStoreRead });
  const recall = async (wanted: PlaybackObject): Promise<CachedObject | undefined> => {
    const copy = await lastSeen.recall(wanted.key);
    return copy && toCached(wanted, copy, Number.NEGATIVE_INFINITY);
  };
  const loader = createLoader({ read, recall, cache, clock, log });
  const readsUnderWay = (): number => loader.readsUnderWay;
  const startedMs = clock.nowMs();
  const signer = createTextSigner(secret);
  const sessions = createSessionCheck({ signer, clock });
  metrics.watch({ cache, disk, readsUnderWay, countPlaying: sessions.countPlaying });
  return {
    cache,
    disk,
    metrics,
    health,
    drain: createDrain({ signer, edge, log }),
    countPlaying: sessions.countPlaying,
    readsUnderWay,
    about: { edge, version, uptimeSeconds: () => Math.round((clock.nowMs() - startedMs) / 1000) },
    serving: {
      checkSession: sessions.check,
      isPublished: createPublishedCheck({
        store,
        clock,
        log,
        lastSeen,
        onStoreRead,
        onWithdrawn: (videoId) => {
          cache.dropVideo(videoId);
          disk?.deletePrefix(videoPrefix({ videoId }));
          lastSeen.forgetVideo(videoId);
        },
      }),
      loader,
      readAhead: createReadAhead({
        loader,
        cache,
        clock,
        log,
        isStoreUp: health.isUp,
        onOutcome: metrics.countAhead,
        maxBytes: Math.min(MAX_AHEAD_BYTES, cacheBytes * AHEAD_SHARE),
      }),
      nowMs: () => clock.nowMs(),
      edge,
      pointAt: deps.pointAt,
      onAsked: metrics.countAsked,
      onServed: (served, durationMs, isAborted) => {
        metrics.countServed(served, durationMs, isAborted);
        logServed(log, served, { edge, durationMs, ...(isAborted ? { aborted: true } : {}) });
      },
    },
  };
}
