import {
  type JobState,
  jobStatesBefore,
  type TaskState,
  taskStatesBefore,
  type VideoState,
  videoStatesBefore,
} from '../../src/domain/states.ts';
import type { LogLine } from './read-logs.ts';

/** A row of `events`. */
export type EventRow = {
  readonly id: number;
  readonly at: Date;
  readonly subject: 'video' | 'job' | 'task';
  readonly video_id: string;
  readonly job_id: string | null;
  readonly task_id: string | null;
  readonly attempt: number | null;
  readonly from_state: string | null;
  readonly to_state: string;
  readonly reason: string | null;
};

/**
 * Replays what happened through the pure state machines: each row goes on where the one before it ended, by a step
 * that is allowed. Where somebody edited rows by hand, the reconciler's own steps may begin anywhere.
 */
export function brokenSteps(rows: readonly EventRow[], { edited }: { readonly edited: boolean }): string[] {
  const stateOf = new Map<string, string>();
  return rows.flatMap((row) => {
    const subject = subjectOf(row);
    const before = stateOf.get(subject) ?? null;
    stateOf.set(subject, row.to_state);
    if (edited) return [];
    const step = `${subject}: ${row.from_state} > ${row.to_state} (${row.reason ?? 'no reason'})`;
    if (row.from_state !== before) return [`${step} follows a row that ended in ${before}`];
    // A note on something that changed no state, such as that a video can be watched already.
    if (row.from_state === row.to_state) return [];
    return row.from_state === null || allowedBefore(row).includes(row.from_state) ? [] : [`${step} is not allowed`];
  });
}

const subjectOf = (row: EventRow): string =>
  `${row.subject} ${{ video: row.video_id, job: row.job_id, task: row.task_id }[row.subject]}`;

function allowedBefore({ subject, to_state }: EventRow): readonly string[] {
  if (subject === 'video') return videoStatesBefore(to_state as VideoState);
  if (subject === 'job') return jobStatesBefore(to_state as JobState);
  return taskStatesBefore(to_state as TaskState);
}

/** What the reconciler had to put right although nobody had edited a row. */
export function needlessRepairs(lines: readonly LogLine[], untouched: readonly string[]): string[] {
  const repairs = lines.filter(({ event, videoId }) => event === 'reconciled' && untouched.includes(videoId ?? ''));
  return repairs.map(
    ({ videoId, found, done }) => `${videoId} was put right although nobody touched it: ${found}, ${done}`,
  );
}

/** Lines that say why a task was tried again, with the attempt that ended. */
const TASK_REASONS = new Set(['lease_expired', 'worker_gone', 'task_failed', 'task_returned', 'task_paused']);
/** Lines about a whole job that put its tasks back. */
const JOB_REASONS = new Set(['reconciled', 'job_retried', 'job_cancelled']);
/** A process that was killed between its commit and its log line could not say more; then the row's reason stands. */
const LAST_WORDS_MS = 1_000;

/** Attempts after the first that no line in any log accounts for. */
export function unexplainedRetries(
  rows: readonly EventRow[],
  lines: readonly LogLine[],
  killedAtMs: readonly number[],
): string[] {
  const explained = new Set<string>();
  const explainedJobs = new Set<string>();
  for (const { event, taskId, attempt, jobId, videoId } of lines) {
    if (TASK_REASONS.has(event) && taskId) explained.add(`${taskId} ${attempt}`);
    if (JOB_REASONS.has(event)) for (const id of [jobId, videoId]) if (id) explainedJobs.add(id);
  }
  const wasCutShort = ({ at, reason }: EventRow): boolean =>
    reason !== null && killedAtMs.some((ms) => Math.abs(ms - at.getTime()) < LAST_WORDS_MS);
  return rows.flatMap((row, i) => {
    if (row.subject !== 'task' || row.to_state !== 'leased' || (row.attempt ?? 1) <= 1) return [];
    const ended = (row.attempt ?? 1) - 1;
    if (explained.has(`${row.task_id} ${ended}`)) return [];
    if (explainedJobs.has(row.job_id ?? '') || explainedJobs.has(row.video_id)) return [];
    const back = rows.slice(0, i).findLast((other) => other.task_id === row.task_id && other.to_state === 'queued');
    if (back && wasCutShort(back)) return [];
    return [`no log says why attempt ${ended} of task ${row.task_id} ended (${back?.reason ?? 'no reason'})`];
  });
}
