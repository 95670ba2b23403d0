import { setTimeout as delay } from 'node:timers/promises';
import type { Registry } from 'prom-client';
import type { LogEvent } from '../domain/log-events.ts';
import type { Log, OnLine } from '../lib/log.ts';
import { metersIn } from '../lib/meters.ts';
import { countEvents, createMetrics } from '../lib/metrics.ts';
import type { Config } from './config.ts';
import { logOf, nodeName, VERSION } from './parts.ts';
import { openTraces, type Traces } from './traces/open-traces.ts';

/** A role that runs: where it listens, and how it ends. Ending is asked for once and finishes what is in hand. */
export type RunningRole = { readonly url: string; readonly stop: () => Promise<void> };

export type RoleContext = {
  readonly log: Log<LogEvent>;
  /** What this process measures: one registry, whatever it consists of. */
  readonly metrics: Registry;
  /** Unset where no collector is named. */
  readonly traces: Traces | undefined;
  readonly stopping: AbortSignal;
};

/** A role that cannot end by itself in this time is ended anyway, and says so. */
const STOP_DEADLINE_MS = 10_000;

/**
 * Runs one role as this process: until SIGTERM or SIGINT, or until the supervisor that started it is gone.
 * The exit code says whether it ended as it should.
 */
export async function runRole(
  config: Config,
  name: string,
  start: (context: RoleContext) => Promise<RunningRole>,
): Promise<void> {
  const metrics = createMetrics(name);
  metersIn(metrics).readings('millrace_info', 'The version of Millrace.', 'version', () => ({ [VERSION]: 1 }));
  const onLost = (objects: number, err: unknown): void => log.warn('traces_not_sent', { objects, err });
  const about = { role: name, node: nodeName(config, name), version: VERSION, onLost };
  const traces = await openTraces(process.env, about);
  const count = countEvents(metrics);
  const heard: OnLine = (...line) => {
    count(...line);
    traces?.onLine(...line);
  };
  const log = logOf(config, name, heard);
  const stopping = new AbortController();
  const asked = new Promise<string>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => resolve(signal));
    process.once('disconnect', () => resolve('supervisor gone'));
  });
  try {
    const role = await start({ log, metrics, traces, stopping: stopping.signal });
    log.info('role_started', { url: role.url });
    const reason = await asked;
    log.info('role_stopping', { reason });
    stopping.abort(new Error(reason));
    const ended = await Promise.race([role.stop().then(() => true), delay(STOP_DEADLINE_MS, false)]);
    log.info('role_stopped', ended ? {} : { late: true });
    await traces?.close();
    process.exit(ended ? 0 : 1);
  } catch (err) {
    log.error('role_failed', { err });
    process.exit(1);
  }
}
