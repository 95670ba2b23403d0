import { Counter, collectDefaultMetrics, Registry } from 'prom-client';
import type { Level, OnLine } from './log.ts';

/** A registry of one role: what Node itself measures, and whatever the role adds. Names start with millrace_. */
export function createMetrics(role: string): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ role });
  collectDefaultMetrics({ register: registry, prefix: 'millrace_' });
  return registry;
}

/** Counts every line that is logged, so that whatever can be read in a log can also be plotted and alerted on. */
export function countEvents(registry: Registry): OnLine {
  // An edge logs each request: counted here, and made a metric only when somebody looks, a line costs next to nothing.
  const counts: Readonly<Record<Level, Map<string, number>>> = {
    debug: new Map(),
    info: new Map(),
    warn: new Map(),
    error: new Map(),
  };
  const events: Counter = new Counter({
    name: 'millrace_events_total',
    help: 'Events as they are logged, also those below the level that is written.',
    labelNames: ['event', 'level'],
    registers: [registry],
    collect() {
      events.reset();
      for (const [level, byEvent] of Object.entries(counts))
        for (const [event, count] of byEvent) events.inc({ event, level }, count);
    },
  });
  return (level, event) => void counts[level].set(event, (counts[level].get(event) ?? 0) + 1);
}
