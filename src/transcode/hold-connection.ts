import { DomainError } from '../domain/errors.ts';
import type { LogEvent } from '../domain/log-events.ts';
import type { Clock, TaskLender, WorkerInfo, WorkerNews } from '../domain/ports.ts';
import { contractOf } from '../domain/worker-contract.ts';
import { backoffMs } from '../lib/backoff.ts';
import { Bell } from '../lib/bell.ts';
import type { Log } from '../lib/log.ts';
import { pause } from '../lib/pause.ts';
import type { WorkerStatus } from './worker-status.ts';

export type ConnectionDeps = {
  readonly lender: Pick<TaskLender, 'connect'>;
  readonly worker: WorkerInfo;
  readonly status: Pick<WorkerStatus, 'orchestratorAnswered' | 'orchestratorFailed'>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log<LogEvent>;
};

export type Connection = {
  /** Waits until it stands, or the signal aborts. */
  standing(signal: AbortSignal): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};

/**
 * Holds a connection to an orchestrator until disposed of. That it broke is how a crash of this worker would be noticed,
 * so tasks are claimed only while it stands.
 */
export function holdConnection(deps: ConnectionDeps, onNews: (news: WorkerNews) => void): Connection {
  const ended = new AbortController();
  const state = { isUp: false, isUpBell: new Bell() };
  const holding = connectUntil(ended.signal, { ...deps, state, onNews });
  return {
    async standing(signal) {
      while (!state.isUp && !signal.aborted) await state.isUpBell.wait(LOOK_EVERY_MS, signal);
    },
    async [Symbol.asyncDispose]() {
      ended.abort(new Error('the worker ends'));
      await holding;
    },
  };
}

const LOOK_EVERY_MS = 1_000;
/** The first try comes at once: an orchestrator gives a worker about a second to come back. */
const BACKOFF = { firstMs: 100, maxMs: 1_000 };
/** A connection that ends sooner is part of the same trouble. */
const STEADY_MS = 5_000;
/** Only an upgrade helps, of this worker, or back of the orchestrator. */
const REFUSED_MS = 30_000;

type Connecting = ConnectionDeps & {
  readonly state: { isUp: boolean; readonly isUpBell: Bell };
  readonly onNews: (news: WorkerNews) => void;
};

async function connectUntil(ended: AbortSignal, deps: Connecting): Promise<void> {
  const { lender, worker, status, clock, random, log, state } = deps;
  let failures = 0;
  const onNews = (news: WorkerNews): void => {
    if (!state.isUp) {
      log.info('orchestrator_connected', { failures });
      status.orchestratorAnswered();
      state.isUp = true;
      state.isUpBell.ring();
    }
    deps.onNews(news);
  };
  while (!ended.aborted) {
    const startedMs = clock.nowMs();
    const err = await lender.connect(worker, onNews, ended).catch((error: unknown) => error);
    if (ended.aborted) return;
    failures = clock.nowMs() - startedMs > STEADY_MS ? 1 : failures + 1;
    if (isTooOld(err)) {
      const { worker: name, session, version } = worker;
      log.error('worker_refused', { worker: name, session, version, contract: contractOf(worker), err });
      status.orchestratorFailed();
      state.isUp = false;
      await pause(REFUSED_MS, ended);
      continue;
    }
    // Said once for each loss, not for each try to come back.
    if (state.isUp || failures === 1) log.warn('orchestrator_unreachable', { err, failures });
    status.orchestratorFailed();
    state.isUp = false;
    if (failures > 1) await pause(backoffMs(failures - 1, random, BACKOFF), ended);
  }
}

const isTooOld = (error: unknown): boolean => error instanceof DomainError && error.code === 'worker_too_old';
