import { Registry } from 'prom-client';
import { metersIn } from '../lib/meters.ts';
import type { EdgeHealth } from './edge-health.ts';
import type { SessionPlaces } from './session-places.ts';

export type RouterMetrics = {
  readonly registry: Registry;
  countRequest(asks: 'start' | 'object' | 'nothing', status: number, durationMs: number): void;
  countReassigned(reason: string): void;
};

type Deps = {
  readonly health: Pick<EdgeHealth, 'edges'>;
  readonly places: Pick<SessionPlaces, 'countPlaying'>;
  readonly registry: Registry | undefined;
};

/** From an answer out of an edge's memory to a body for a slow line. */
const SECONDS = [0.005, 0.02, 0.1, 0.5, 2, 10];

export function createRouterMetrics({ health, places, registry = new Registry() }: Deps): RouterMetrics {
  const { counter, histogram, readings } = metersIn(registry);
  const requests = counter(
    'millrace_router_requests_total',
    'Requests under /play/ by what they ask for and status.',
    'asks',
    'status',
  );
  const seconds = histogram(
    'millrace_router_request_seconds',
    'From a request under /play/ to the end of its response.',
    SECONDS,
    'asks',
  );
  const reassigned = counter(
    'millrace_router_sessions_reassigned_total',
    'Sessions that were moved to another edge, by reason.',
    'reason',
  );
  readings('millrace_router_edges', 'Edges by standing.', 'standing', async () => {
    const counts = { healthy: 0, draining: 0, out: 0 };
    for (const { standing } of health.edges()) counts[standing]++;
    return counts;
  });
  readings(
    'millrace_router_sessions',
    'Sessions that asked for something in the last 30 s, by the edge that serves them.',
    'edge',
    () => ({
      ...Object.fromEntries(health.edges().map(({ name }) => [name, 0])),
      ...Object.fromEntries(places.countPlaying()),
    }),
  );
  return {
    registry,
    countRequest: (asks, status, durationMs) => {
      requests.inc({ asks, status });
      seconds.observe({ asks }, durationMs / 1000);
    },
    countReassigned: (reason) => reassigned.inc({ reason }),
  };
}
