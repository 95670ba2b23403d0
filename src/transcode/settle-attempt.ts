import type { LogEvent } from '../domain/log-events.ts';
import type { TaskLender } from '../domain/ports.ts';
import type { LentTask } from '../domain/tasks.ts';
import { backoffMs } from '../lib/backoff.ts';
import type { Log } from '../lib/log.ts';
import { pause } from '../lib/pause.ts';
import { isLeaseLost } from './keep-lease.ts';

export type TaskOutcome = 'done' | 'failed' | 'returned' | 'lost';

export type SettleDeps = {
  readonly lender: Pick<TaskLender, 'giveBack'>;
  readonly log: Log<LogEvent>;
  readonly random: () => number;
};

const SETTLE_BACKOFF = { firstMs: 100, maxMs: 2_000 };
const SETTLE_DEADLINE_MS = 10_000;

/** Tells how the attempt ended for as long as the lease is held; settling twice does no harm. */
export async function settle(
  lost: AbortSignal,
  deps: SettleDeps,
  tell: (until: AbortSignal) => Promise<void>,
  outcome: TaskOutcome,
): Promise<TaskOutcome> {
  for (let failures = 1; !lost.aborted; failures++) {
    try {
      await tell(AbortSignal.any([lost, AbortSignal.timeout(SETTLE_DEADLINE_MS)]));
      return outcome;
    } catch (err) {
      if (isLeaseLost(err)) return lostLease(err, deps);
      if (lost.aborted) break;
      deps.log.warn('orchestrator_unreachable', { err, failures });
      await pause(backoffMs(failures, deps.random, SETTLE_BACKOFF), lost);
    }
  }
  return lostLease(lost.reason, deps);
}

export function lostLease(err: unknown, { log }: Pick<SettleDeps, 'log'>): TaskOutcome {
  log.warn('lease_lost', { err });
  return 'lost';
}

/** A worker that is told to stop is gone soon after; then its broken connection tells the same. */
const GIVE_BACK_DEADLINE_MS = 1_200;

/** Hands the task back undone; another orchestrator is asked while there is time. */
export async function giveBack(task: LentTask, deps: SettleDeps): Promise<TaskOutcome> {
  const late = AbortSignal.timeout(GIVE_BACK_DEADLINE_MS);
  return settle(late, deps, (until) => deps.lender.giveBack(task, until), 'returned');
}
