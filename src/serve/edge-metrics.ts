import { type MetricObjectWithValues, type MetricValue, Registry } from 'prom-client';
import type { ObjectDisk } from '../domain/object-disk.ts';
import { metersIn } from '../lib/meters.ts';
import type { ServedRequest } from './get-segment.ts';
import { type ByOutcome, hitRatio } from './hit-ratio.ts';
import { createPlayerMetrics } from './player-metrics.ts';
import type { AheadOutcome } from './read-ahead.ts';
import type { SegmentCache } from './segment-cache.ts';
import type { StoreOutcome } from './store-health.ts';

export type EdgeMetrics = {
  readonly registry: Registry;
  countAsked(): void;
  countServed(served: ServedRequest, durationMs: number, isAborted: boolean): void;
  countStoreRead(outcome: StoreOutcome, durationMs: number): void;
  countAhead(outcome: AheadOutcome | 'unused'): void;
  /** Since the start. */
  totals(): Promise<EdgeTotals>;
  /** What is held, asked for when somebody looks. */
  watch(held: Held): void;
};

type Held = {
  readonly cache: SegmentCache;
  readonly disk: ObjectDisk | undefined;
  readonly readsUnderWay: () => number;
  readonly countPlaying: () => number;
};

export type EdgeTotals = {
  readonly requests: ByOutcome;
  readonly bytes: ByOutcome;
  readonly hitRatio: { readonly requests: number | null; readonly bytes: number | null };
  /** Requests whose response is not over. */
  readonly inFlight: number;
};

/** From a hit in memory to a store that has almost given up. */
const SECONDS = [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10];

/** Hits, misses and coalesced requests are counted apart: their quotient depends on what one calls a hit. */
export function createEdgeMetrics(registry = new Registry()): EdgeMetrics {
  const meters = metersIn(registry);
  const { counter, gauge, histogram, reading, readings } = meters;
  const requests = counter(
    'millrace_edge_requests_total',
    'Playback requests by cache outcome (none: answered without looking) and status.',
    'cache',
    'status',
  );
  const sent = counter(
    'millrace_edge_bytes_total',
    'Body bytes of playback responses that were taken to the end, by cache outcome.',
    'cache',
  );
  const seconds = histogram(
    'millrace_edge_request_seconds',
    'From the request to the end of its response.',
    SECONDS,
    'cache',
  );
  const inFlight = gauge('millrace_edge_requests_in_flight', 'Playback requests whose response is not over.');
  const storeReads = counter('millrace_edge_store_reads_total', 'Questions to the object store by outcome.', 'outcome');
  const storeSeconds = histogram(
    'millrace_edge_store_read_seconds',
    'How long the object store took to answer, or to fail.',
    SECONDS,
  );
  const ahead = counter(
    'millrace_edge_read_ahead_total',
    'Objects fetched ahead by outcome; unused: left the memory before anybody asked.',
    'outcome',
  );
  const player = createPlayerMetrics(meters);
  readings(
    'millrace_edge_hit_ratio',
    'Answered from memory or disk, of all that the cache was asked for since the start; by requests and by bytes.',
    'by',
    async () => (await totals()).hitRatio,
  );
  return {
    registry,
    countAsked: () => inFlight.inc(),
    countServed: ({ cache = 'none', status, bytes, cmcd }, durationMs, isAborted) => {
      inFlight.dec();
      requests.inc({ cache, status });
      // Of a body that was handed over whole, how much the client took is not known.
      if (!isAborted) sent.inc({ cache }, bytes);
      seconds.observe({ cache }, durationMs / 1000);
      if (cmcd) player.note(cmcd);
    },
    countStoreRead: (outcome, durationMs) => {
      storeReads.inc({ outcome });
      storeSeconds.observe(durationMs / 1000);
    },
    countAhead: (outcome) => ahead.inc({ outcome }),
    totals,
    watch: ({ cache, disk, readsUnderWay, countPlaying }) => {
      reading('millrace_edge_sessions', 'Sessions that asked for something in the last 30 s.', countPlaying);
      reading('millrace_edge_cache_bytes', 'Bytes held in memory.', () => cache.sizeBytes);
      reading('millrace_edge_cache_objects', 'Objects held in memory.', () => cache.count);
      reading('millrace_edge_disk_bytes', 'Bytes held on disk.', () => disk?.sizeBytes ?? 0);
      reading('millrace_edge_disk_objects', 'Objects held on disk.', () => disk?.count ?? 0);
      reading('millrace_edge_reads_in_flight', 'Reads of disk or store under way.', readsUnderWay);
    },
  };

  async function totals(): Promise<EdgeTotals> {
    const [asked, bytes] = [sumsOf(await requests.get()), sumsOf(await sent.get())];
    const ratios = { requests: hitRatio(asked), bytes: hitRatio(bytes) };
    const [now] = (await inFlight.get()).values;
    return { requests: asked, bytes, hitRatio: ratios, inFlight: now?.value ?? 0 };
  }
}

/** Of a counter that is labelled by what the cache did. */
function sumsOf({ values }: MetricObjectWithValues<MetricValue<'cache'>>): ByOutcome {
  const sums = { hit: 0, prefetched: 0, miss: 0, coalesced: 0, none: 0 };
  for (const { labels, value } of values) sums[labels.cache as keyof ByOutcome] += value;
  return sums;
}
