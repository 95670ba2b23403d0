import { DomainError, type ErrorCode } from '../domain/errors.ts';
import type { TaskFailure } from '../domain/tasks.ts';

/** Ways in which a media tool lets a task down; all worth another attempt, perhaps on another machine. */
export type ToolErrorCode = 'ffmpeg_failed' | 'ffmpeg_deadline' | 'ffmpeg_output' | 'init_differs';

type ToolErrorDetails = { tail?: string; cause?: unknown; exitCode?: number };

export class ToolError extends Error {
  readonly code: ToolErrorCode;
  /** Last lines that the tool wrote to its standard error. */
  readonly tail: string;
  /** Set where the tool ended by its own decision. */
  readonly exitCode: number | undefined;
  constructor(code: ToolErrorCode, message: string, { tail = '', cause, exitCode }: ToolErrorDetails = {}) {
    super(message, { cause });
    this.name = 'ToolError';
    this.code = code;
    this.tail = tail;
    this.exitCode = exitCode;
  }
}

/** The same bytes would fail the same way. */
const FINAL_CODES: ReadonlySet<ErrorCode> = new Set(['not_a_video', 'source_truncated', 'source_unsupported']);

/** What the orchestrator is told about an attempt that failed. */
export function failureOf(error: unknown): TaskFailure {
  if (error instanceof DomainError) {
    return withTail(tailOf(error.cause), {
      code: error.code,
      message: error.message,
      retryable: !FINAL_CODES.has(error.code),
    });
  }
  if (error instanceof ToolError) {
    return withTail(error.tail, { code: error.code, message: error.message, retryable: true });
  }
  return { code: 'internal', message: error instanceof Error ? error.message : String(error), retryable: true };
}

const tailOf = (cause: unknown): string => (cause instanceof ToolError ? cause.tail : '');

const withTail = (tail: string, failure: TaskFailure): TaskFailure => (tail === '' ? failure : { ...failure, tail });
