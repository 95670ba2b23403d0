import type { ObjectStore, TaskLender, WorkerInfo } from '../domain/ports.ts';
import type { LentTask, TaskFailure, TaskResult, TaskSpec } from '../domain/tasks.ts';
import { backoffMs } from '../lib/backoff.ts';
import { pause } from '../lib/pause.ts';
import type { EncodeDeps } from './encode-chunk.ts';
import { HeldLeases } from './held-leases.ts';
import { type Connection, holdConnection } from './hold-connection.ts';
import { keepLease, type Lease } from './keep-lease.ts';
import { reportStored } from './report-stored.ts';
import { giveBack, lostLease, settleDone, settleFailed, type TaskOutcome } from './settle-attempt.ts';
import { failureOf } from './task-error.ts';
import { untilStoreAnswers } from './until-store-answers.ts';
import type { WorkerStatus } from './worker-status.ts';

export type WorkerDeps = Omit<EncodeDeps, 'signal'> & {
  readonly lender: TaskLender;
  readonly store: Pick<ObjectStore, 'check'>;
  readonly worker: WorkerInfo;
  /** Does what a task asks for, once. Handed in, so that faults can be played with faster work. */
  readonly performTask: (spec: TaskSpec, deps: EncodeDeps) => Promise<TaskResult>;
  readonly status: WorkerStatus;
  readonly random: () => number;
  /** Tasks worked on at once; each keeps about one core busy. */
  readonly slots: number;
  /** Aborts when the worker is to stop: what it holds is given back. */
  readonly stopping: AbortSignal;
};

/** Claims tasks, works on them and settles them, until it is told to stop. */
export async function runWorker(deps: WorkerDeps): Promise<void> {
  const held = new HeldLeases();
  // Closed last: what is held has been given back by then, so nobody is missed.
  await using connection = holdConnection(deps, (news) => held.hear(news));
  await Promise.all(Array.from({ length: deps.slots }, () => runSlot({ ...deps, held, connection })));
}

type SlotDeps = WorkerDeps & { readonly held: HeldLeases; readonly connection: Connection };

async function runSlot(deps: SlotDeps): Promise<void> {
  let failures = 0;
  while (!deps.stopping.aborted) {
    await deps.connection.standing(deps.stopping);
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

const CLAIM_BACKOFF = { firstMs: 100, maxMs: 2_000 };
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
async function workOn(task: LentTask, deps: SlotDeps): Promise<void> {
  const { taskId, jobId, videoId, attempt } = task;
  const { kind } = task.spec;
  const log = deps.log.with({ taskId, jobId, videoId, attempt, kind });
  const startedMs = deps.clock.nowMs();
  log.info('task_claimed', { token: task.token });
  const { outcome, failure } = await attemptTask(task, { ...deps, log });
  const durationMs = deps.clock.nowMs() - startedMs;
  deps.status.taskEnded({ kind, outcome, durationMs });
  log.info('task_settled', { outcome, durationMs: Math.round(durationMs) });
  if (failure?.cause === 'store') await untilStoreAnswers(deps, deps.stopping);
}

type Ended = { readonly outcome: TaskOutcome; readonly failure?: TaskFailure };

async function attemptTask(task: LentTask, deps: SlotDeps): Promise<Ended> {
  await using lease = keepLease(task, deps);
  using _held = deps.held.add(task, lease);
  const attempt = { task, lost: lease.lost };
  try {
    const signal = AbortSignal.any([deps.stopping, lease.lost]);
    const result = await performReporting(task, { ...deps, store: fenced(deps.store, lease), signal });
    deps.status.resultMade(result);
    return { outcome: await settleDone(attempt, result, deps) };
  } catch (err) {
    if (lease.lost.aborted) return { outcome: lostLease(lease.lost.reason, deps) };
    if (deps.stopping.aborted) return { outcome: await giveBack(attempt, deps) };
    const failure = await judged(failureOf(err), deps);
    deps.log.warn('task_failed', { err, ...failure });
    return { outcome: await settleFailed(attempt, failure, deps), failure };
  }
}

const CHECK_DEADLINE_MS = 10_000;

/** Bytes that are not there may be lost, or their store may be: only where that answers are they what failed. */
async function judged(failure: TaskFailure, { store }: Pick<WorkerDeps, 'store'>): Promise<TaskFailure> {
  if (failure.code !== 'source_damaged') return failure;
  return store.check(AbortSignal.timeout(CHECK_DEADLINE_MS)).then(
    () => failure,
    (error: unknown) => failureOf(error),
  );
}

type PerformDeps = EncodeDeps & Pick<WorkerDeps, 'lender' | 'performTask'>;

/** What can be played before the job is done is told as it is stored. */
async function performReporting(task: LentTask, deps: PerformDeps): Promise<TaskResult> {
  const { spec } = task;
  if (!('playsEarly' in spec) || !spec.playsEarly) return deps.performTask(spec, deps);
  await using report = reportStored(task, deps);
  return await deps.performTask(spec, { ...deps, onStored: report.add });
}

/** A store cannot compare tokens, so who holds no lease begins no write. */
const fenced = (store: WorkerDeps['store'], lease: Lease): EncodeDeps['store'] => ({
  read: (...args) => store.read(...args),
  head: (...args) => store.head(...args),
  list: (...args) => store.list(...args),
  async put(...args) {
    lease.assertHeld();
    return store.put(...args);
  },
  async putIfAbsent(...args) {
    lease.assertHeld();
    return store.putIfAbsent(...args);
  },
});
