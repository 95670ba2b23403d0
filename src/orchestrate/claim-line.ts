import type { Holder, JobRecords } from '../domain/job-records.ts';
import type { LogEvent } from '../domain/log-events.ts';
import { lendableMib } from '../domain/task-order.ts';
import type { LentTask } from '../domain/tasks.ts';
import type { Bell } from '../lib/bell.ts';
import type { Log } from '../lib/log.ts';

export type ClaimDeps = {
  readonly records: Pick<JobRecords, 'lend' | 'giveBack'>;
  /** Rings when there may be something to lend. */
  readonly bell: Bell;
  readonly log: Log<LogEvent>;
};

type Waiter = { readonly holder: Holder; settle(task?: LentTask): void; fail(error: unknown): void };

/** More than that are sent away at once, with nothing. */
const MAX_WAITING = 10_000;
/** Bounds one statement. */
const HOLDERS_PER_LOOK = 200;

/**
 * Workers that wait for a task, in the order in which they came. One look serves all who can do the same, so that a
 * thousand idle workers cost as much as one.
 */
export class ClaimLine {
  readonly #deps: ClaimDeps;
  readonly #waiting = new Set<Waiter>();

  constructor(deps: ClaimDeps) {
    this.#deps = deps;
  }

  /** How many wait. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Resolves with a task, or with none when the signal aborts. */
  claim(asking: Holder, enough: AbortSignal): Promise<LentTask | undefined> {
    if (enough.aborted || this.#waiting.size >= MAX_WAITING) return Promise.resolve(undefined);
    const holder = { ...asking, memoryMib: lendableMib(asking.memoryMib) };
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.delete(waiter);
        enough.removeEventListener('abort', giveUp);
      };
      const giveUp = (): void => waiter.settle();
      const waiter: Waiter = {
        holder,
        settle(task) {
          leave();
          resolve(task);
        },
        fail(error) {
          leave();
          reject(error);
        },
      };
      this.#waiting.add(waiter);
      enough.addEventListener('abort', giveUp, { once: true });
      this.#deps.bell.ring();
    });
  }

  /** True when there may be more to lend to whoever still waits. */
  async lendRound(): Promise<boolean> {
    let isFull = false;
    for (const group of groupsOf(this.#waiting)) isFull = (await this.#lendTo(group)) || isFull;
    return isFull;
  }

  /** Everybody who waits is told of an outage: another orchestrator may have a better connection. */
  failAll(error: unknown): void {
    for (const waiter of [...this.#waiting]) waiter.fail(error);
  }

  async #lendTo(group: readonly Waiter[]): Promise<boolean> {
    const asked = group.slice(0, HOLDERS_PER_LOOK);
    const holders = asked.map((waiter) => waiter.holder);
    const tasks = await this.#deps.records.lend('work', holders);
    const missed: LentTask[] = [];
    for (const [i, waiter] of asked.entries()) {
      const task = tasks[i];
      if (!task) this.#toTheBack(waiter);
      else if (!this.#hand(waiter, task)) missed.push(task);
    }
    // By now everybody who is there has its task: these calls may take long, or fail.
    await Promise.all(missed.map((task) => this.#giveBack(task)));
    return group.length > asked.length && tasks.every((task) => task !== undefined);
  }

  /** @returns false where the waiter hung up while it was being lent something. */
  #hand(waiter: Waiter, task: LentTask): boolean {
    this.#deps.log.info('task_leased', {
      ...idsOf(task),
      kind: task.spec.kind,
      worker: waiter.holder.worker,
      leaseMs: task.leaseMs,
    });
    if (!this.#waiting.has(waiter)) return false;
    waiter.settle(task);
    return true;
  }

  /** The next one may have it at once. Where that fails, its lease tells: nobody renews it. */
  async #giveBack(task: LentTask): Promise<void> {
    const { log, records, bell } = this.#deps;
    try {
      await records.giveBack(task);
      log.info('task_returned', idsOf(task));
      bell.ring();
    } catch (err) {
      log.error('queue_error', { err });
    }
  }

  /** So that the next look asks for others, where there are more than one look can serve. */
  #toTheBack(waiter: Waiter): void {
    if (this.#waiting.size > HOLDERS_PER_LOOK && this.#waiting.delete(waiter)) this.#waiting.add(waiter);
  }
}

/** Those of one group get the same answer to what they can do. */
function groupsOf(waiting: Iterable<Waiter>): Waiter[][] {
  const groups = new Map<string, Waiter[]>();
  for (const waiter of waiting) {
    const { memoryMib, encoders } = waiter.holder;
    const key = `${memoryMib} ${encoders.toSorted().join(' ')}`;
    const group = groups.get(key);
    if (group) group.push(waiter);
    else groups.set(key, [waiter]);
  }
  return [...groups.values()];
}

/** The ids that join up the log lines of one task. */
export const idsOf = ({ videoId, jobId, taskId, attempt }: LentTask) => ({ videoId, jobId, taskId, attempt });
