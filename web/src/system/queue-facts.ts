import type { TaskEntry } from '../../../src/domain/job-lists.ts';

export type QueueFacts = {
  readonly running: number;
  /** Could begin at once, if a worker were free. */
  readonly waiting: number;
  /** Wait for others of their job. */
  readonly blocked: number;
  /** Wait for a pause after a failure to end, or for something that is away. */
  readonly paused: number;
  /** The same by kind, the most numerous first. */
  readonly kinds: readonly { readonly kind: string; readonly running: number; readonly waiting: number }[];
};

/** What stands in the queue, counted. Everything that does not run waits, for one reason or another. */
export function queueFacts(tasks: readonly TaskEntry[]): QueueFacts {
  const isRunning = (task: TaskEntry): boolean => task.state === 'leased';
  const queued = tasks.filter((task) => !isRunning(task));
  const paused = queued.filter(({ notBefore, pausedReason }) => notBefore !== null || pausedReason !== null);
  const blocked = queued.filter((task) => task.blocked && !paused.includes(task));
  const kinds = [...Map.groupBy(tasks, ({ kind }) => kind)].map(([kind, own]) => {
    const running = own.filter(isRunning).length;
    return { kind, running, waiting: own.length - running };
  });
  return {
    running: tasks.length - queued.length,
    waiting: queued.length - paused.length - blocked.length,
    blocked: blocked.length,
    paused: paused.length,
    kinds: kinds.toSorted((a, b) => b.running + b.waiting - a.running - a.waiting),
  };
}
