import { type Counter, collectDefaultMetrics, Registry } from 'prom-client';
import type { OnLine } from './log.ts';
import { metersIn } from './meters.ts';

/** A registry of one role: what Node itself measures, and whatever the role adds. Names start with millrace_. */
export function createMetrics(role: string): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ role });
  collectDefaultMetrics({ register: registry, prefix: 'millrace_' });
  return registry;
}

/** Counts every line that is logged, so that whatever can be read in a log can also be plotted and alerted on. */
export function countEvents(registry: Registry): OnLine {
  const { counter } = metersIn(registry);
  const events = counter(
    'millrace_events_total',
    'Events as they are logged, also those below the level that is written.',
    'event',
    'level',
  );
  // An edge logs each request: looking up the labels anew each time would cost more than counting.
  const known = new Map<string, Counter.Internal>();
  return (level, event) => {
    const name = `${level} ${event}`;
    const one = known.get(name) ?? events.labels({ event, level });
    known.set(name, one);
    one.inc();
  };
}
