import type { TimelineEvent } from '../../../src/domain/video-events.ts';

/** One try at a task, by one worker. Times are milliseconds since 1970, of the database. */
export type Attempt = {
  readonly taskId: string;
  readonly kind: string;
  /** Counted from 1. */
  readonly number: number;
  readonly worker: string;
  readonly startMs: number;
  /** Undefined while it goes on. */
  readonly endMs: number | undefined;
  readonly outcome: Outcome;
  /** Why it did not end well. */
  readonly reason: string | null;
};

/** `returned` ones were tried again. */
export type Outcome = 'running' | 'done' | 'returned' | 'dead' | 'cancelled';

/** The attempts of a job from its events, which come in order; by their start. */
export function attemptsOf(events: readonly TimelineEvent[], jobId: string): readonly Attempt[] {
  const open = new Map<string, Attempt>();
  const ended: Attempt[] = [];
  for (const event of events) {
    const { taskId } = event;
    if (event.subject !== 'task' || event.jobId !== jobId || taskId === null) continue;
    const running = open.get(taskId);
    if (running) ended.push(endedBy(event, running));
    open.delete(taskId);
    if (event.to === 'leased') open.set(taskId, begunBy(event, taskId));
  }
  return [...ended, ...open.values()].toSorted((a, b) => a.startMs - b.startMs);
}

const begunBy = ({ kind, attempt, worker, at }: TimelineEvent, taskId: string): Attempt => ({
  taskId,
  kind: kind ?? 'task',
  number: attempt ?? 1,
  worker: worker ?? '–',
  startMs: Date.parse(at),
  endMs: undefined,
  outcome: 'running',
  reason: null,
});

function endedBy({ to, at, reason }: TimelineEvent, attempt: Attempt): Attempt {
  const outcome = OUTCOMES.get(to) ?? 'returned';
  return { ...attempt, endMs: Date.parse(at), outcome, reason: outcome === 'done' ? null : reason };
}

const OUTCOMES: ReadonlyMap<string, Outcome> = new Map([
  ['done', 'done'],
  ['dead', 'dead'],
  ['cancelled', 'cancelled'],
]);
