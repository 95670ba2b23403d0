import { collectDefaultMetrics, Registry } from 'prom-client';

/** A registry of one role: what Node itself measures, and whatever the role adds. Names start with millrace_. */
export function createMetrics(role: string): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ role });
  collectDefaultMetrics({ register: registry, prefix: 'millrace_' });
  return registry;
}
