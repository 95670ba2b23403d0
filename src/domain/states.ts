/**
 * The three state machines. A transition is written to the database as a guarded statement
 * (`… where state = any(allowed)`), and these tables are the only place that says what is allowed.
 */
export const VIDEO_STATES = ['uploading', 'uploaded', 'processing', 'ready', 'failed'] as const;
export type VideoState = (typeof VIDEO_STATES)[number];

export const JOB_STATES = ['queued', 'running', 'succeeded', 'failed', 'cancelled'] as const;
export type JobState = (typeof JOB_STATES)[number];

export const TASK_STATES = ['queued', 'leased', 'done', 'dead', 'cancelled'] as const;
export type TaskState = (typeof TASK_STATES)[number];

/** From which states a video may enter the given one. */
export function videoStatesBefore(next: VideoState): readonly VideoState[] {
  switch (next) {
    case 'uploading':
      return [];
    case 'uploaded':
      return ['uploading'];
    case 'processing':
      return ['uploaded', 'failed', 'ready'];
    case 'ready':
      return ['processing'];
    case 'failed':
      // From uploading only where we fetch the source ourselves: nobody else is there to be told.
      return ['uploading', 'uploaded', 'processing'];
    default:
      return next satisfies never;
  }
}

/** From which states a job may enter the given one. */
export function jobStatesBefore(next: JobState): readonly JobState[] {
  switch (next) {
    case 'queued':
      // Retried by hand, or put right by the reconciler: what was done already stays done.
      return ['running', 'failed', 'cancelled'];
    case 'running':
      return ['queued'];
    case 'succeeded':
      return ['running'];
    case 'failed':
    case 'cancelled':
      return ['queued', 'running'];
    default:
      return next satisfies never;
  }
}

/** From which states a task may enter the given one. */
export function taskStatesBefore(next: TaskState): readonly TaskState[] {
  switch (next) {
    case 'queued':
      // From an end only with its job, which is tried again.
      return ['leased', 'dead', 'cancelled'];
    case 'done':
      return ['leased'];
    case 'leased':
      return ['queued'];
    case 'dead':
    case 'cancelled':
      return ['queued', 'leased'];
    default:
      return next satisfies never;
  }
}

export const isFinalJob = (state: JobState): boolean =>
  state === 'succeeded' || state === 'failed' || state === 'cancelled';
