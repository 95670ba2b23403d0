import { DomainError } from '../domain/errors.ts';
import type { LogEvent } from '../domain/log-events.ts';
import type { Clock, TaskLender } from '../domain/ports.ts';
import type { LentTask, TaskFailure, TaskResult } from '../domain/tasks.ts';
import { backoffMs } from '../lib/backoff.ts';
import type { Log } from '../lib/log.ts';
import { pause } from '../lib/pause.ts';
import { isLeaseLost } from './keep-lease.ts';

/** `unheard`: the worker let go without having been heard; the lease, which nobody renews any more, tells the rest. */
export type TaskOutcome = 'done' | 'failed' | 'returned' | 'lost' | 'unheard';

export type SettleDeps = {
  readonly lender: Pick<TaskLender, 'complete' | 'fail' | 'giveBack'>;
  readonly clock: Clock;
  readonly log: Log<LogEvent>;
  readonly random: () => number;
  /** How time is waited for; handed in where a test lets it fly. */
  readonly wait?: typeof pause;
};

/** An attempt whose lease is being renewed until it is lost. */
export type HeldAttempt = { readonly task: LentTask; readonly lost: AbortSignal };

/** Settling twice does no harm, so it is tried again and again. @throws DomainError result_refused */
export const settleDone = ({ task, lost }: HeldAttempt, result: TaskResult, deps: SettleDeps): Promise<TaskOutcome> =>
  settle(
    { outcome: 'done', forMs: patienceMs(task), lost, tell: (until) => deps.lender.complete(task, result, until) },
    deps,
  );

export const settleFailed = (
  { task, lost }: HeldAttempt,
  failure: TaskFailure,
  deps: SettleDeps,
): Promise<TaskOutcome> =>
  settleOrLeave(
    { outcome: 'failed', forMs: patienceMs(task), lost, tell: (until) => deps.lender.fail(task, failure, until) },
    deps,
  );

/** A worker that is told to stop is gone soon after; then its broken connection tells the same. */
const GIVE_BACK_FOR_MS = 1_200;

/** Hands the task back undone; another orchestrator is asked while there is time. */
export const giveBack = ({ task, lost }: HeldAttempt, deps: SettleDeps): Promise<TaskOutcome> =>
  settleOrLeave(
    { outcome: 'returned', forMs: GIVE_BACK_FOR_MS, lost, tell: (until) => deps.lender.giveBack(task, until) },
    deps,
  );

export function lostLease(err: unknown, { log }: Pick<SettleDeps, 'log'>): TaskOutcome {
  log.warn('lease_lost', { err });
  return 'lost';
}

/** In an outage the lease is lost sooner: where renewals are heard for so long, what fails is what is told. */
const patienceMs = ({ leaseMs }: LentTask): number => Math.max(LEAST_PATIENCE_MS, 2 * leaseMs);
/** Against an orchestrator that is merely slow, where leases are short: three calls to their deadlines. */
const LEAST_PATIENCE_MS = 30_000;

type Settling = {
  readonly outcome: TaskOutcome;
  readonly tell: (until: AbortSignal) => Promise<void>;
  readonly forMs: number;
  readonly lost: AbortSignal;
};

async function settleOrLeave(settling: Settling, deps: SettleDeps): Promise<TaskOutcome> {
  try {
    return await settle(settling, deps);
  } catch (err) {
    deps.log.warn('orchestrator_unreachable', { err });
    return 'unheard';
  }
}

const SETTLE_BACKOFF = { firstMs: 100, maxMs: 2_000 };
const SETTLE_DEADLINE_MS = 10_000;

async function settle({ outcome, tell, forMs, lost }: Settling, deps: SettleDeps): Promise<TaskOutcome> {
  const { clock, log, random, wait = pause } = deps;
  const endMs = clock.nowMs() + forMs;
  for (let failures = 1; !lost.aborted; failures++) {
    try {
      const leftMs = Math.ceil(Math.max(0, endMs - clock.nowMs()));
      await tell(AbortSignal.any([lost, AbortSignal.timeout(Math.min(SETTLE_DEADLINE_MS, leftMs))]));
      return outcome;
    } catch (err) {
      if (isLeaseLost(err)) return lostLease(err, deps);
      if (lost.aborted) break;
      const pauseMs = backoffMs(failures, random, SETTLE_BACKOFF);
      if (isRefusal(err) || clock.nowMs() + pauseMs >= endMs) throw refused(err);
      log.warn('orchestrator_unreachable', { err, failures });
      await wait(pauseMs, lost);
    }
  }
  return lostLease(lost.reason, deps);
}

/** An orchestrator's own word, which the next one would repeat. What is no word of theirs may be an outage. */
const isRefusal = (error: unknown): boolean => error instanceof DomainError;

const refused = (cause: unknown): DomainError =>
  new DomainError('result_refused', `It was not taken: ${cause instanceof Error ? cause.message : cause}`, { cause });
