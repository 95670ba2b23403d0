import type { Decide, JobRecords, Setback } from '../domain/job-records.ts';
import type { LogEvent } from '../domain/log-events.ts';
import type { Clock } from '../domain/ports.ts';
import type { Bell } from '../lib/bell.ts';
import type { Log } from '../lib/log.ts';
import { logSetback } from './settle-task.ts';

export type TakeDeps = {
  readonly records: Pick<JobRecords, 'takeFromSilent' | 'takeFromGone'>;
  readonly decide: Decide;
  readonly attention: Attention;
  readonly bells: { readonly work: Bell };
  readonly log: Log<LogEvent>;
  readonly leaseMs: number;
};

/** A worker whose connection broke has this long to come back: a restarted orchestrator is found again in less. */
export const GONE_MS = 1_500;
/** Others may have been cut off together with us: they get this much longer to connect again. */
const SETTLED_MS = 2 * GONE_MS;

/**
 * Hands on the tasks of workers that are gone, or have been silent for a whole lease. Silence counts only while we
 * were there to be spoken to: after a time without database, or after our own start, every holder has a full lease
 * again to say that it lives.
 */
export async function takeTasks(deps: TakeDeps): Promise<boolean> {
  const { records, decide, attention, bells, log } = deps;
  const attentiveMs = attention.beginRound();
  const gone = attentiveMs < SETTLED_MS ? [] : await records.takeFromGone(GONE_MS, decide);
  const silent = attentiveMs < deps.leaseMs ? [] : await records.takeFromSilent(attentiveMs, decide);
  attention.endRound();
  for (const setback of gone) logTaken('worker_gone', setback, log);
  for (const setback of silent) logTaken('lease_expired', setback, log);
  if (gone.length + silent.length > 0) bells.work.ring();
  return false;
}

function logTaken(event: 'worker_gone' | 'lease_expired', setback: Setback, log: Log<LogEvent>): void {
  const { videoId, jobId, taskId, attempt, kind, worker } = setback;
  log.warn(event, { videoId, jobId, taskId, attempt, kind, worker });
  logSetback(setback, log);
}

/** A busy machine lets rounds come late: with a short lease that must not look like absence for ever. */
const LEAST_GAP_MS = 3_000;

/**
 * For how long somebody has been looking without a break. Rounds that fail are a break, and so is one that comes late:
 * this process was frozen, and holders may have spoken to nobody. After a third of a lease they still hold most of it.
 */
export class Attention {
  readonly #clock: Clock;
  readonly #gapMs: number;
  #sinceMs: number;
  #lastMs = Number.NEGATIVE_INFINITY;
  #isOpen = false;

  constructor(clock: Clock, leaseMs: number) {
    this.#clock = clock;
    this.#gapMs = Math.max(leaseMs / 3, LEAST_GAP_MS);
    this.#sinceMs = clock.nowMs();
  }

  /** Milliseconds of attention until now. */
  beginRound(): number {
    const nowMs = this.#clock.nowMs();
    if (this.#isOpen || nowMs - this.#lastMs > this.#gapMs) this.#sinceMs = nowMs;
    this.#isOpen = true;
    return nowMs - this.#sinceMs;
  }

  endRound(): void {
    this.#isOpen = false;
    this.#lastMs = this.#clock.nowMs();
  }
}
