import { setTimeout as delay } from 'node:timers/promises';
import { DomainError } from '../domain/errors.ts';
import type { LogEvent } from '../domain/log-events.ts';
import type { Clock, TaskLender } from '../domain/ports.ts';
import type { LentTask } from '../domain/tasks.ts';
import type { Log } from '../lib/log.ts';

export type LeaseDeps = {
  readonly lender: Pick<TaskLender, 'renew'>;
  readonly clock: Clock;
  readonly log: Log<LogEvent>;
};

export type Lease = {
  /** Aborts when the task is somebody else's, or may be by now. */
  readonly lost: AbortSignal;
  [Symbol.asyncDispose](): Promise<void>;
};

/** Two renewals may fail before a lease ends. */
const RENEWALS_PER_LEASE = 3;
/** While the orchestrator is away, it is asked more often: any moment may be the last one in time. */
const TRIES_PER_LEASE = 10;

/** Renews the lease until disposed of. Without an answer it counts as lost when its time is over. */
export function keepLease(task: LentTask, deps: LeaseDeps): Lease {
  const lost = new AbortController();
  const done = new AbortController();
  const renewing = renewUntil(AbortSignal.any([done.signal, lost.signal]), { task, lost, ...deps });
  return {
    lost: lost.signal,
    async [Symbol.asyncDispose]() {
      done.abort();
      await renewing;
    },
  };
}

type Renewing = LeaseDeps & { readonly task: LentTask; readonly lost: AbortController };

async function renewUntil(ended: AbortSignal, { task, lost, lender, clock, log }: Renewing): Promise<void> {
  const pauseMs = task.leaseMs / RENEWALS_PER_LEASE;
  let heldUntilMs = clock.nowMs() + task.leaseMs;
  let waitMs = pauseMs;
  while (await pausedFor(Math.min(waitMs, heldUntilMs - clock.nowMs()), ended)) {
    const askedMs = clock.nowMs();
    try {
      await lender.renew(task, AbortSignal.any([ended, AbortSignal.timeout(pauseMs)]));
      heldUntilMs = askedMs + task.leaseMs;
      waitMs = pauseMs;
    } catch (err) {
      if (ended.aborted) return;
      if (isLeaseLost(err)) return lost.abort(err);
      log.warn('orchestrator_unreachable', { err });
      waitMs = task.leaseMs / TRIES_PER_LEASE;
    }
    if (clock.nowMs() >= heldUntilMs)
      return lost.abort(new DomainError('lease_lost', 'The lease could not be renewed.'));
  }
}

export const isLeaseLost = (error: unknown): boolean => error instanceof DomainError && error.code === 'lease_lost';

/** True when the time passed, false when the end came first. */
async function pausedFor(ms: number, ended: AbortSignal): Promise<boolean> {
  try {
    await delay(Math.max(0, ms), undefined, { signal: ended });
    return true;
  } catch (error) {
    if (ended.aborted) return false;
    throw error;
  }
}
