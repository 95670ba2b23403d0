/** Kinds of failure that a handler can name without knowing HTTP. */
const STATUS_OF_KIND: Readonly<Record<string, number>> = {
  invalid: 400,
  unauthorized: 401,
  forbidden: 403,
  missing: 404,
  bad_method: 405,
  conflict: 409,
  gone: 410,
  too_large: 413,
  bad_range: 416,
  unprocessable: 422,
  too_many: 429,
  /** tus 1.0.0, checksum extension. */
  bad_checksum: 460,
  busy: 503,
};

export type Problem = { type: string; title: string; status: number; code: string; detail?: string };

type CodedError = Error & { readonly code: string; readonly kind: string; readonly title: string };

export const isCodedError = (error: unknown): error is CodedError =>
  error instanceof Error && 'kind' in error && typeof error.kind === 'string' && error.kind in STATUS_OF_KIND;

/** RFC 9457 problem details. What is not a coded error is told to nobody but the log. */
export function problemOf(error: unknown): Problem {
  if (!isCodedError(error)) return { type: 'about:blank', title: 'Internal error', status: 500, code: 'internal' };
  const status = STATUS_OF_KIND[error.kind] ?? 500;
  const problem = { type: `/docs/errors#${error.code}`, title: error.title, status, code: error.code };
  return error.message === error.title ? problem : { ...problem, detail: error.message };
}

export const PROBLEM_TYPE = 'application/problem+json';

/** Seconds after which a client may try again, sent with every 503. */
export const RETRY_AFTER_SECONDS = 1;
