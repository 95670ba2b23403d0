import { Counter, Gauge, Registry } from 'prom-client';
import type { EdgeHealth } from './edge-health.ts';

export type RouterMetrics = {
  readonly registry: Registry;
  countRequest(asks: 'start' | 'object' | 'nothing', status: number): void;
  countReassigned(reason: string): void;
};

export function createRouterMetrics({ health }: { readonly health: Pick<EdgeHealth, 'edges'> }): RouterMetrics {
  const registry = new Registry();
  const registers = [registry];
  const requests = new Counter({
    name: 'millrace_router_requests_total',
    help: 'Requests under /play/ by what they ask for and status.',
    labelNames: ['asks', 'status'],
    registers,
  });
  const reassigned = new Counter({
    name: 'millrace_router_sessions_reassigned_total',
    help: 'Sessions that were moved to another edge, by reason.',
    labelNames: ['reason'],
    registers,
  });
  new Gauge({
    name: 'millrace_router_edges',
    help: 'Edges by standing.',
    labelNames: ['standing'],
    registers,
    collect() {
      const edges = health.edges();
      for (const standing of ['healthy', 'draining', 'out'] as const)
        this.set({ standing }, edges.filter((edge) => edge.standing === standing).length);
    },
  });
  return {
    registry,
    countRequest: (asks, status) => requests.inc({ asks, status }),
    countReassigned: (reason) => reassigned.inc({ reason }),
  };
}
