import { DomainError, type ErrorCode } from '../domain/errors.ts';
import type { FailureCause, TaskFailure } from '../domain/tasks.ts';

/** Ways in which a media tool lets a task down; all worth another attempt, perhaps on another machine. */
export type ToolErrorCode = 'ffmpeg_failed' | 'ffmpeg_deadline' | 'ffmpeg_hung' | 'ffmpeg_output' | 'init_differs';

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

/** What the orchestrator takes. */
const MAX_MESSAGE_CHARS = 2_000;

/** What the orchestrator is told about an attempt that failed. */
export function failureOf(error: unknown): TaskFailure {
  const message = (error instanceof Error ? error.message : String(error)).slice(0, MAX_MESSAGE_CHARS);
  if (error instanceof DomainError) {
    return withTail(tailOf(error.cause), { code: error.code, message, cause: causeOf(error.code) });
  }
  if (error instanceof ToolError) return withTail(error.tail, { code: error.code, message, cause: 'attempt' });
  return { code: 'internal', message, cause: 'attempt' };
}

/** The same bytes would fail the same way. */
const INPUT_CODES: ReadonlySet<ErrorCode> = new Set(['not_a_video', 'source_truncated', 'source_unsupported']);

function causeOf(code: ErrorCode): FailureCause {
  if (code === 'store_unavailable') return 'store';
  return INPUT_CODES.has(code) ? 'input' : 'attempt';
}

const tailOf = (cause: unknown): string => (cause instanceof ToolError ? cause.tail : '');

const withTail = (tail: string, failure: TaskFailure): TaskFailure => (tail === '' ? failure : { ...failure, tail });
