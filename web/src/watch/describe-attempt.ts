import type { TaskEntry } from '../../../src/domain/job-lists.ts';
import { formatDuration, formatSpan } from '../shared/format.ts';
import type { Attempt, Outcome } from './attempts-of.ts';

/** What the task makes: `v720, v480 · 0:00–0:12`; empty where there is no more to say than its kind. */
export function workOf(task: TaskEntry | undefined): string {
  if (!task) return '';
  const { renditions, fromSeconds, toSeconds } = task;
  const part =
    fromSeconds === null || toSeconds === null ? [] : [`${formatDuration(fromSeconds)}–${formatDuration(toSeconds)}`];
  return [...(renditions.length === 0 ? [] : [renditions.join(', ')]), ...part].join(' · ');
}

/** One line about an attempt, for whoever points at it. */
export function describeAttempt(attempt: Attempt, task: TaskEntry | undefined, nowMs: number): string {
  const { kind, number, worker, reason, outcome } = attempt;
  const made = workOf(task);
  return [
    made === '' ? kind : `${kind} ${made}`,
    worker,
    ...(number > 1 ? [`attempt ${number}`] : []),
    `${OUTCOME_WORDS[outcome].toLowerCase()} ${outcome === 'running' ? 'for' : 'after'} ${lasted(attempt, nowMs)}`,
    ...(reason === null ? [] : [reason]),
  ].join(' · ');
}

export const lasted = ({ startMs, endMs }: Attempt, nowMs: number): string =>
  formatSpan(Math.max((endMs ?? nowMs) - startMs, 0) / 1000);

export const OUTCOME_WORDS: Readonly<Record<Outcome, string>> = {
  running: 'Running',
  done: 'Done',
  returned: 'Tried again',
  dead: 'Given up',
  cancelled: 'Cancelled',
};
