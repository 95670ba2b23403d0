import { setTimeout as delay } from 'node:timers/promises';
import type { LogEvent } from '../domain/log-events.ts';
import type { Log } from '../lib/log.ts';

/** A role that runs: where it listens, and how it ends. Ending is asked for once and finishes what is in hand. */
export type RunningRole = { readonly url: string; readonly stop: () => Promise<void> };

export type RoleContext = { readonly log: Log<LogEvent>; readonly stopping: AbortSignal };

/** A role that cannot end by itself in this time is ended anyway, and says so. */
const STOP_DEADLINE_MS = 10_000;

/**
 * Runs one role as this process: until SIGTERM or SIGINT, or until the supervisor that started it is gone.
 * The exit code says whether it ended as it should.
 */
export async function runRole(
  log: Log<LogEvent>,
  start: (context: RoleContext) => Promise<RunningRole>,
): Promise<void> {
  const stopping = new AbortController();
  const asked = new Promise<string>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => resolve(signal));
    process.once('disconnect', () => resolve('supervisor gone'));
  });
  try {
    const role = await start({ log, stopping: stopping.signal });
    log.info('role_started', { url: role.url });
    const reason = await asked;
    log.info('role_stopping', { reason });
    stopping.abort(new Error(reason));
    const ended = await Promise.race([role.stop().then(() => true), delay(STOP_DEADLINE_MS, false)]);
    log.info('role_stopped', ended ? {} : { late: true });
    process.exit(ended ? 0 : 1);
  } catch (err) {
    log.error('role_failed', { err });
    process.exit(1);
  }
}
