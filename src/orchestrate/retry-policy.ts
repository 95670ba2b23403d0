import type { Decide, TaskHistory, Verdict } from '../domain/job-records.ts';
import type { TaskFailure } from '../domain/tasks.ts';

/** Five tries: enough to get past a restart or a bad node, few enough to tell a person the same evening. */
export const MAX_ATTEMPTS = 5;
/** Whoever takes a third worker with it takes a fourth: it is the task, not the machines. */
export const POISON_AT = 3;

/** Four pauses are all that there can be. */
const RETRY = { firstMs: 1_000, maxMs: 8_000 };
const STORE = { firstMs: 1_000, maxMs: 10_000 };
/** Long enough for another worker to come by, short enough for a platform that has only one. */
const SHUN_MS = 30_000;

/** What follows from an attempt without a result: by its cause, and by what the task has been through before. */
export const retryPolicy =
  (random: () => number): Decide =>
  (history, failure) => {
    switch (failure.cause) {
      case 'input':
        return DEAD;
      case 'store':
        return { outcome: 'paused', delayMs: jittered(history.pauses + 1, random, STORE) };
      case 'outage':
        return { outcome: 'paused', delayMs: 0 };
      case 'worker':
        return afterLoss(history, failure);
      case 'attempt':
        return isLast(history) ? DEAD : { outcome: 'retry', delayMs: jittered(history.failures + 1, random, RETRY) };
      default:
        return failure.cause satisfies never;
    }
  };

const DEAD = { outcome: 'dead', delayMs: 0 } as const;

const isLast = ({ failures }: TaskHistory): boolean => failures + 1 >= MAX_ATTEMPTS;

/** At once, but elsewhere: a lost worker says nothing about the next one. */
function afterLoss(history: TaskHistory, failure: TaskFailure): Verdict {
  const losses = history.lostWorkers.length + 1;
  if (losses >= POISON_AT) {
    const message = `${losses} workers were lost with it (${history.lostWorkers.join(', ')}; last: ${failure.message})`;
    return { ...DEAD, instead: { code: 'poison_task', message } };
  }
  return isLast(history) ? DEAD : { outcome: 'retry', delayMs: 0, shunMs: SHUN_MS };
}

/** Full jitter: anything from nothing to the doubled pause, so that many who failed at once do not come back at once. */
function jittered(times: number, random: () => number, { firstMs, maxMs }: { firstMs: number; maxMs: number }): number {
  return Math.round(random() * Math.min(maxMs, firstMs * 2 ** Math.min(times - 1, 30)));
}
