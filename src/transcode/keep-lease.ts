import { DomainError } from '../domain/errors.ts';
import type { LogEvent } from '../domain/log-events.ts';
import type { Clock, TaskLender } from '../domain/ports.ts';
import type { LentTask } from '../domain/tasks.ts';
import type { Log } from '../lib/log.ts';
import { pause } from '../lib/pause.ts';

export type LeaseDeps = {
  readonly lender: Pick<TaskLender, 'renew'>;
  readonly clock: Clock;
  readonly log: Log<LogEvent>;
  /** How time is waited for, and ends a call; handed in where a test lets it fly. */
  readonly wait?: typeof pause;
  readonly timeout?: (ms: number) => AbortSignal;
};

export type Lease = {
  /** Aborts when the task is somebody else's, or may be by now. */
  readonly lost: AbortSignal;
  /** Asked before each write: a process that was frozen may act before its timers tell it how late it is. */
  assertHeld(): void;
  /** The orchestrator said so. */
  end(): void;
  [Symbol.asyncDispose](): Promise<void>;
};

/** Renews the lease until disposed of. Without an answer it counts as lost when its time is over. */
export function keepLease(task: LentTask, deps: LeaseDeps): Lease {
  const lost = new AbortController();
  const done = new AbortController();
  const time = { heldUntilMs: deps.clock.nowMs() + task.leaseMs };
  const lose = (message: string): void => lost.abort(new DomainError('lease_lost', message));
  const renewing = renewUntil(AbortSignal.any([done.signal, lost.signal]), { task, time, lose, ...deps });
  return {
    lost: lost.signal,
    assertHeld() {
      if (deps.clock.nowMs() >= time.heldUntilMs) lose(OVER);
      lost.signal.throwIfAborted();
    },
    end: () => lose('The orchestrator ended the lease.'),
    async [Symbol.asyncDispose]() {
      done.abort();
      await renewing;
    },
  };
}

const OVER = 'The lease could not be renewed in time.';
/** Two renewals may fail before a lease ends. */
const RENEWALS_PER_LEASE = 3;
/** While the orchestrator is away, it is asked more often: any moment may be the last one in time. */
const TRIES_PER_LEASE = 10;

type Renewing = LeaseDeps & {
  readonly task: LentTask;
  readonly time: { heldUntilMs: number };
  readonly lose: (message: string) => void;
};

async function renewUntil(ended: AbortSignal, deps: Renewing): Promise<void> {
  const { task, time, lose, lender, clock, log, wait = pause, timeout = AbortSignal.timeout } = deps;
  const pauseMs = Math.ceil(task.leaseMs / RENEWALS_PER_LEASE);
  let waitMs = pauseMs;
  while (!ended.aborted) {
    await wait(Math.min(waitMs, time.heldUntilMs - clock.nowMs()), ended);
    if (ended.aborted) return;
    const askedMs = clock.nowMs();
    const leftMs = Math.ceil(time.heldUntilMs - askedMs);
    if (leftMs <= 0) return lose(OVER);
    try {
      await lender.renew(task, AbortSignal.any([ended, timeout(Math.min(pauseMs, leftMs))]));
      time.heldUntilMs = askedMs + task.leaseMs;
      waitMs = pauseMs;
    } catch (err) {
      if (ended.aborted) return;
      if (isLeaseLost(err)) return lose(err.message);
      log.warn('orchestrator_unreachable', { err });
      waitMs = task.leaseMs / TRIES_PER_LEASE;
    }
  }
}

export const isLeaseLost = (error: unknown): error is DomainError =>
  error instanceof DomainError && error.code === 'lease_lost';
