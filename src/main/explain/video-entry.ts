import type { LogLine } from '../../domain/log-line.ts';
import type { Spans } from './session-entry.ts';

/** How an attempt ended. `open`: no line says. */
export type AttemptEnd = 'done' | 'dead' | 'retry' | 'paused' | 'returned' | 'lost' | 'open';

/** Segments of one rendition that an attempt stored, or found standing. */
export type StoredSpan = { readonly rendition: string; readonly segments: Spans; readonly bytes: number };

/** One attempt at one task, from all that workers and orchestrators say of it. */
export type Attempt = {
  readonly is: 'attempt';
  readonly taskId: string;
  readonly attempt: number;
  readonly jobId?: string;
  readonly kind?: string;
  readonly worker?: string;
  readonly end: AttemptEnd;
  readonly endedAt?: string;
  /** As the worker measured it. */
  readonly durationMs?: number;
  /** Why it did not end well: the code of its failure, lease_expired or worker_gone. */
  readonly code?: string;
  readonly message?: string;
  /** Whom that is put down to: input, store, worker or attempt. */
  readonly cause?: string;
  /** Until the next attempt may begin. */
  readonly delayMs?: number;
  readonly stored: readonly StoredSpan[];
  /** Stored by an earlier attempt, and used again. */
  readonly reused: readonly { readonly rendition: string; readonly segments: number }[];
  /** What else the worker met, in order. */
  readonly troubles: readonly { readonly at: string; readonly event: string; readonly message: string }[];
};

/** Anything else: its line as it was logged, with the fields of docs/logs.md. */
export type Said = { readonly is: 'event'; readonly line: LogLine };

/** One thing that happened to a video. `at` is ISO 8601; of an attempt it is when it was lent. */
export type VideoEntry = { readonly at: string } & (Attempt | Said);

export type VideoStory = {
  readonly about: 'video';
  readonly videoId: string;
  readonly from: string;
  readonly to: string;
  readonly entries: readonly VideoEntry[];
  readonly totals: {
    readonly tasks: number;
    readonly attempts: number;
    /** Attempts that did not end well. */
    readonly setbacks: number;
    readonly workers: readonly string[];
    readonly segments: number;
    readonly bytes: number;
    /** Viewings that began. */
    readonly sessions: number;
    /** The first of them. */
    readonly sessionIds: readonly string[];
  };
};
