import { Counter, Gauge, Histogram, type MetricObjectWithValues, type MetricValue, Registry } from 'prom-client';
import type { ObjectDisk } from '../domain/object-disk.ts';
import type { ServedRequest } from './get-segment.ts';
import { type ByOutcome, hitRatio } from './hit-ratio.ts';
import { createPlayerMetrics } from './player-metrics.ts';
import type { AheadOutcome } from './read-ahead.ts';
import type { SegmentCache } from './segment-cache.ts';
import type { StoreOutcome } from './store-health.ts';

export type EdgeMetrics = {
  readonly registry: Registry;
  countAsked(): void;
  countServed(served: ServedRequest, durationMs: number): void;
  countStoreRead(outcome: StoreOutcome, durationMs: number): void;
  countAhead(outcome: AheadOutcome | 'unused'): void;
  /** Since the start. */
  totals(): Promise<EdgeTotals>;
  /** What is held, asked for when somebody looks. */
  watch(held: { cache: SegmentCache; disk: ObjectDisk | undefined; readsUnderWay: () => number }): void;
};

export type EdgeTotals = {
  readonly requests: ByOutcome;
  readonly bytes: ByOutcome;
  readonly hitRatio: { readonly requests: number | null; readonly bytes: number | null };
  /** Requests whose response is not over. */
  readonly inFlight: number;
};

/** Hits, misses and coalesced requests are counted apart: their quotient depends on what one calls a hit. */
export function createEdgeMetrics(): EdgeMetrics {
  const registry = new Registry();
  const registers = [registry];
  const requests = new Counter({
    name: 'millrace_edge_requests_total',
    help: 'Playback requests by cache outcome (none: answered without looking) and status.',
    labelNames: ['cache', 'status'],
    registers,
  });
  const sent = new Counter({
    name: 'millrace_edge_bytes_total',
    help: 'Body bytes of playback responses by cache outcome.',
    labelNames: ['cache'],
    registers,
  });
  const seconds = new Histogram({
    name: 'millrace_edge_request_seconds',
    help: 'From the request to the end of its response.',
    labelNames: ['cache'],
    buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10],
    registers,
  });
  const inFlight = new Gauge({
    name: 'millrace_edge_requests_in_flight',
    help: 'Playback requests whose response is not over.',
    registers,
  });
  const storeReads = new Counter({
    name: 'millrace_edge_store_reads_total',
    help: 'Questions to the object store by outcome.',
    labelNames: ['outcome'],
    registers,
  });
  const storeSeconds = new Histogram({
    name: 'millrace_edge_store_read_seconds',
    help: 'How long the object store took to answer, or to fail.',
    buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10],
    registers,
  });
  const ahead = new Counter({
    name: 'millrace_edge_read_ahead_total',
    help: 'Objects fetched ahead by outcome; unused: left the memory before anybody asked.',
    labelNames: ['outcome'],
    registers,
  });
  const player = createPlayerMetrics(registers);
  new Gauge({
    name: 'millrace_edge_hit_ratio',
    help: 'Answered from memory or disk, of all that the cache was asked for since the start; by requests and by bytes.',
    labelNames: ['by'],
    registers,
    async collect() {
      const { hitRatio: ratios } = await totals();
      for (const by of ['requests', 'bytes'] as const) this.set({ by }, ratios[by] ?? Number.NaN);
    },
  });
  return {
    registry,
    countAsked: () => inFlight.inc(),
    countServed: ({ cache = 'none', status, bytes, cmcd }, durationMs) => {
      inFlight.dec();
      requests.inc({ cache, status });
      sent.inc({ cache }, bytes);
      seconds.observe({ cache }, durationMs / 1000);
      if (cmcd) player.note(cmcd);
    },
    countStoreRead: (outcome, durationMs) => {
      storeReads.inc({ outcome });
      storeSeconds.observe(durationMs / 1000);
    },
    countAhead: (outcome) => ahead.inc({ outcome }),
    totals,
    watch: ({ cache, disk, readsUnderWay }) => {
      gauge(registers, 'millrace_edge_cache_bytes', 'Bytes held in memory.', () => cache.sizeBytes);
      gauge(registers, 'millrace_edge_cache_objects', 'Objects held in memory.', () => cache.count);
      gauge(registers, 'millrace_edge_disk_bytes', 'Bytes held on disk.', () => disk?.sizeBytes ?? 0);
      gauge(registers, 'millrace_edge_disk_objects', 'Objects held on disk.', () => disk?.count ?? 0);
      gauge(registers, 'millrace_edge_reads_in_flight', 'Reads of disk or store under way.', readsUnderWay);
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

function gauge(registers: Registry[], name: string, help: string, read: () => number): void {
  new Gauge({
    name,
    help,
    registers,
    collect() {
      this.set(read());
    },
  });
}
