import { Gauge, type Registry } from 'prom-client';

/**
 * What autoscaling of workers goes by. Counted when it is asked for; every orchestrator tells the same number, so take
 * the largest of them and not their sum.
 */
export function addWaitingGauge(registry: Registry, countWaiting: () => Promise<number>): void {
  new Gauge({
    name: 'millrace_tasks_waiting',
    help: 'Tasks that a further worker could begin at once',
    registers: [registry],
    async collect() {
      try {
        this.set(await countWaiting());
      } catch {
        // /health names the database; the other metrics are wanted most just then. NaN is how "unknown" is told.
        this.set(Number.NaN);
      }
    },
  });
}
