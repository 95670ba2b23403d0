import { DomainError } from '../domain/errors.ts';
import type { LogEvent } from '../domain/log-events.ts';
import type { WorkerInfo } from '../domain/ports.ts';
import { contractOf, OLDEST_WORKER_CONTRACT } from '../domain/worker-contract.ts';
import type { Log } from '../lib/log.ts';

type Deps = {
  readonly log: Log<LogEvent>;
  /** Of a version to come, in tests. */
  readonly oldestContract?: number;
};

/** A worker that is refused tries again and again: each of these is logged once. */
const MAX_TOLD = 1_000;

/** @returns a check that throws DomainError worker_too_old */
export function refuseOldWorkers({ log, oldestContract = OLDEST_WORKER_CONTRACT }: Deps): (worker: WorkerInfo) => void {
  const told = new Set<string>();
  return ({ worker, session, version, ...spoken }) => {
    const contract = contractOf(spoken);
    if (contract >= oldestContract) return;
    if (!told.has(session)) log.warn('worker_refused', { worker, session, version, contract });
    if (told.size >= MAX_TOLD) told.clear();
    told.add(session);
    throw new DomainError(
      'worker_too_old',
      `This worker (${version}) speaks contract ${contract}, and ${oldestContract} is needed: upgrade it.`,
    );
  };
}
