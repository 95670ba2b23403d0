import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { ServedRequest } from './get-segment.ts';
import type { SegmentCache } from './segment-cache.ts';
import type { StoreOutcome } from './store-health.ts';

export type EdgeMetrics = {
  readonly registry: Registry;
  countRequest(served: ServedRequest, durationMs: number): void;
  countStoreRead(outcome: StoreOutcome): void;
};

/** Hits, misses and coalesced requests are counted apart: their quotient depends on what one calls a hit. */
export function createEdgeMetrics({ cache }: { readonly cache: SegmentCache }): EdgeMetrics {
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
  const storeReads = new Counter({
    name: 'millrace_edge_store_reads_total',
    help: 'Questions to the object store by outcome.',
    labelNames: ['outcome'],
    registers,
  });
  gauge(registers, 'millrace_edge_cache_bytes', 'Bytes held in memory.', () => cache.sizeBytes);
  gauge(registers, 'millrace_edge_cache_objects', 'Objects held in memory.', () => cache.count);
  return {
    registry,
    countRequest: ({ cache: outcome = 'none', status, bytes }, durationMs) => {
      requests.inc({ cache: outcome, status });
      sent.inc({ cache: outcome }, bytes);
      seconds.observe({ cache: outcome }, durationMs / 1000);
    },
    countStoreRead: (outcome) => storeReads.inc({ outcome }),
  };
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
