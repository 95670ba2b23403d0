import { Registry } from 'prom-client';
import { metersIn } from '../lib/meters.ts';
import type { EdgeHealth } from './edge-health.ts';

export type RouterMetrics = {
  readonly registry: Registry;
  countRequest(asks: 'start' | 'object' | 'nothing', status: number): void;
  countReassigned(reason: string): void;
};

export function createRouterMetrics({ health }: { readonly health: Pick<EdgeHealth, 'edges'> }): RouterMetrics {
  const registry = new Registry();
  const { counter, readings } = metersIn(registry);
  const requests = counter(
    'millrace_router_requests_total',
    'Requests under /play/ by what they ask for and status.',
    'asks',
    'status',
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
  return {
    registry,
    countRequest: (asks, status) => requests.inc({ asks, status }),
    countReassigned: (reason) => reassigned.inc({ reason }),
  };
}
