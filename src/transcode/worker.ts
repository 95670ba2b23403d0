import { setTimeout as delay } from 'node:timers/promises';
import type { TaskLender, WorkerInfo } from '../domain/ports.ts';
import type { LentTask } from '../domain/tasks.ts';
import { backoffMs } from '../lib/backoff.ts';
import type { EncodeDeps } from './encode-chunk.ts';
import { isLeaseLost, keepLease } from './keep-lease.ts';
import { performTask } from './perform-task.ts';
import { failureOf } from './task-error.ts';
import type { WorkerStatus } from './worker-status.ts';

export type WorkerDeps = Omit<EncodeDeps, 'signal'> & {
  readonly lender: TaskLender;
  readonly worker: WorkerInfo;
  readonly status: WorkerStatus;
  readonly random: () => number;
  /** Tasks worked on at once; each keeps about one core busy. */
  readonly slots: number;
  /** Aborts when the worker is to stop: what it holds is given back. */
  readonly stopping: AbortSignal;
};

/** Claims tasks, works on them and settles them, until it is told to stop. */
export async function runWorker(deps: WorkerDeps): Promise<void> {
  await Promise.all(Array.from({ length: deps.slots }, () => runSlot(deps)));
}

async function runSlot(deps: WorkerDeps): Promise<void> {
  let failures = 0;
  while (!deps.stopping.aborted) {
    try {
      const task = await claim(deps);
      failures = 0;
      if (task) await workOn(task, deps);
    } catch (err) {
      if (deps.stopping.aborted) return;
      failures += 1;
      deps.status.orchestratorFailed();
      deps.log.warn('orchestrator_unreachable', { err, failures });
      await pause(backoffMs(failures, deps.random, CLAIM_BACKOFF), deps.stopping);
    }
  }
}

const CLAIM_BACKOFF = { firstMs: 500, maxMs: 15_000 };
/** The lender answers sooner; this bounds one that does not. */
const CLAIM_DEADLINE_MS = 60_000;
/** Against a lender that says "nothing" without having waited. */
const IDLE_PAUSE_MS = 100;

async function claim({ lender, worker, status, stopping }: WorkerDeps): Promise<LentTask | undefined> {
  const task = await lender.claim(worker, AbortSignal.any([stopping, AbortSignal.timeout(CLAIM_DEADLINE_MS)]));
  status.orchestratorAnswered();
  if (!task) await pause(IDLE_PAUSE_MS, stopping);
  return task;
}

/** One attempt at one task. However it ends, no process of it is left, and nothing is thrown. */
async function workOn(task: LentTask, deps: WorkerDeps): Promise<void> {
  const { taskId, jobId, videoId, attempt } = task;
  const { kind } = task.spec;
  const log = deps.log.with({ taskId, jobId, videoId, attempt, kind });
  const startedMs = deps.clock.nowMs();
  log.info('task_claimed', { token: task.token });
  const outcome = await attemptTask(task, { ...deps, log });
  const durationMs = deps.clock.nowMs() - startedMs;
  deps.status.taskEnded({ kind, outcome, durationMs });
  log.info('task_settled', { outcome, durationMs: Math.round(durationMs) });
}

export type TaskOutcome = 'done' | 'failed' | 'returned' | 'lost';

async function attemptTask(task: LentTask, deps: WorkerDeps): Promise<TaskOutcome> {
  await using lease = keepLease(task, deps);
  try {
    const signal = AbortSignal.any([deps.stopping, lease.lost]);
    const result = await performTask(task.spec, { ...deps, signal });
    deps.status.resultMade(result);
    return await settle(lease.lost, deps, (until) => deps.lender.complete(task, result, until), 'done');
  } catch (err) {
    if (lease.lost.aborted) return lostLease(lease.lost.reason, deps);
    if (deps.stopping.aborted) return giveBack(task, deps);
    const failure = failureOf(err);
    deps.log.warn('task_failed', { err, ...failure });
    return await settle(lease.lost, deps, (until) => deps.lender.fail(task, failure, until), 'failed');
  }
}

const SETTLE_BACKOFF = { firstMs: 200, maxMs: 2_000 };
const SETTLE_DEADLINE_MS = 10_000;

/** Tells how the attempt ended for as long as the lease is held; settling twice does no harm. */
async function settle(
  lost: AbortSignal,
  deps: WorkerDeps,
  tell: (until: AbortSignal) => Promise<void>,
  outcome: TaskOutcome,
): Promise<TaskOutcome> {
  for (let failures = 1; !lost.aborted; failures++) {
    try {
      await tell(AbortSignal.any([lost, AbortSignal.timeout(SETTLE_DEADLINE_MS)]));
      return outcome;
    } catch (err) {
      if (isLeaseLost(err)) return lostLease(err, deps);
      deps.log.warn('orchestrator_unreachable', { err, failures });
      await pause(backoffMs(failures, deps.random, SETTLE_BACKOFF), lost);
    }
  }
  return lostLease(lost.reason, deps);
}

function lostLease(err: unknown, { log }: WorkerDeps): TaskOutcome {
  log.warn('lease_lost', { err });
  return 'lost';
}

/** Shorter than any lease: if this fails, the lease ends soon by itself. */
const GIVE_BACK_DEADLINE_MS = 5_000;

async function giveBack(task: LentTask, { lender, log }: WorkerDeps): Promise<TaskOutcome> {
  try {
    await lender.giveBack(task, AbortSignal.timeout(GIVE_BACK_DEADLINE_MS));
    return 'returned';
  } catch (err) {
    log.warn('orchestrator_unreachable', { err });
    return 'lost';
  }
}

/** Ends early, without a word, when the signal aborts. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
