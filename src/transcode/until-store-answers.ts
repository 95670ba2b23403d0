import type { LogEvent } from '../domain/log-events.ts';
import type { Clock, ObjectStore } from '../domain/ports.ts';
import { backoffMs } from '../lib/backoff.ts';
import type { Log } from '../lib/log.ts';
import { pause } from '../lib/pause.ts';
import type { WorkerStatus } from './worker-status.ts';

export type StoreWaitDeps = {
  readonly store: Pick<ObjectStore, 'check'>;
  readonly status: Pick<WorkerStatus, 'storePaused'>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log<LogEvent>;
};

const BACKOFF = { firstMs: 200, maxMs: 5_000 };
/** The check itself is bounded too, by the store's adapter; this is for one that is not. */
const CHECK_DEADLINE_MS = 15_000;

/**
 * Waits until the store does all that is needed of it, or the signal aborts. Claiming meanwhile would burn through
 * tasks, all of which would meet the same store.
 */
export async function untilStoreAnswers(deps: StoreWaitDeps, signal: AbortSignal): Promise<void> {
  const { store, status, clock, random, log } = deps;
  const startedMs = clock.nowMs();
  status.storePaused(true);
  for (let failures = 1; !signal.aborted; failures++) {
    try {
      await store.check(AbortSignal.any([signal, AbortSignal.timeout(CHECK_DEADLINE_MS)]));
      break;
    } catch (err) {
      if (signal.aborted) break;
      // Once for each outage, with what the store said first.
      if (failures === 1) log.warn('store_paused', { err });
      await pause(backoffMs(failures, random, BACKOFF), signal);
    }
  }
  status.storePaused(false);
  if (!signal.aborted) log.info('store_resumed', { durationMs: Math.round(clock.nowMs() - startedMs) });
}
