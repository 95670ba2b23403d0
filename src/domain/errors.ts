/**
 * Every failure that a caller can expect, by its stable code. The kind says what sort of failure it is;
 * `lib/http.ts` turns a kind into an HTTP status, so no status number stands anywhere else.
 */
export type ErrorKind =
  | 'invalid'
  | 'unauthorized'
  | 'forbidden'
  | 'missing'
  | 'bad_method'
  | 'conflict'
  | 'gone'
  | 'too_large'
  | 'unprocessable'
  | 'busy'
  | 'too_many'
  | 'bad_range'
  | 'bad_checksum';

const CODES = {
  bad_request: { kind: 'invalid', message: 'The request is not understood.' },
  bad_file_name: { kind: 'invalid', message: 'The file name is missing, too long or holds control characters.' },
  bad_captions: { kind: 'unprocessable', message: 'The text is no WebVTT or SubRip that can be read.' },
  bad_language: { kind: 'invalid', message: 'The language is not a tag of BCP 47, such as en or pt-BR.' },
  bad_cursor: { kind: 'invalid', message: 'The cursor is not one that this API handed out.' },
  bad_session: { kind: 'forbidden', message: 'The playback session is not valid for this video.' },
  checksum_mismatch: { kind: 'bad_checksum', message: 'The bytes that arrived do not have the stated checksum.' },
  dash_not_ready: {
    kind: 'missing',
    message: 'There is no DASH manifest before all is processed; HLS may play already.',
  },
  database_unavailable: { kind: 'busy', message: 'The database cannot be reached; try again.' },
  digest_mismatch: { kind: 'unprocessable', message: 'The bytes that arrived do not have the stated digest.' },
  empty_upload: { kind: 'invalid', message: 'The upload holds no bytes.' },
  foreign_page: { kind: 'forbidden', message: 'Pages of other origins may not change anything here.' },
  idempotency_mismatch: { kind: 'unprocessable', message: 'This Idempotency-Key stands for other content.' },
  job_not_failed: {
    kind: 'conflict',
    message: 'Only the latest job of a video is tried again, and only if it failed or was cancelled.',
  },
  job_not_running: { kind: 'conflict', message: 'The job has ended, so there is nothing to cancel.' },
  lease_lost: { kind: 'conflict', message: 'The lease of this task was lost; another attempt may be running.' },
  method_not_allowed: { kind: 'bad_method', message: 'This address does not answer to that method.' },
  no_edge: { kind: 'busy', message: 'No segment server can answer right now.' },
  no_such_job: { kind: 'missing', message: 'No such job.' },
  no_such_download: { kind: 'missing', message: 'The video is not published, or has no rendition of this name.' },
  no_such_page: { kind: 'missing', message: 'Nothing is here.' },
  no_such_segment: { kind: 'missing', message: 'No such playlist, segment or image.' },
  no_such_upload: { kind: 'missing', message: 'No such upload.' },
  no_such_webhook: { kind: 'missing', message: 'No such webhook.' },
  no_such_video: { kind: 'missing', message: 'No such video.' },
  not_a_video: { kind: 'unprocessable', message: 'The file holds no video or audio that can be decoded.' },
  origin_refused: { kind: 'forbidden', message: 'Pages of this origin may not play videos of this server.' },
  playback_denied: { kind: 'forbidden', message: 'This video is private: it takes a valid playback token.' },
  process_running: { kind: 'conflict', message: 'A job is already running for this video.' },
  range_not_satisfiable: { kind: 'bad_range', message: 'The requested range lies outside the object.' },
  result_refused: { kind: 'unprocessable', message: 'The orchestrator does not take what the worker made.' },
  scope_needed: { kind: 'forbidden', message: 'This takes an API key that reaches further.' },
  source_damaged: {
    kind: 'unprocessable',
    message: 'A part of the stored source is missing, or not as long as it was.',
  },
  source_truncated: { kind: 'unprocessable', message: 'The source ends before the video that it announces.' },
  source_unsupported: {
    kind: 'unprocessable',
    message: 'The source has dimensions, tracks or a length out of bounds.',
  },
  store_unavailable: { kind: 'busy', message: 'The object store cannot be reached; try again.' },
  too_many_streams: { kind: 'busy', message: 'This server holds as many event streams as it can; try again.' },
  too_many_captions: { kind: 'conflict', message: 'The video has captions in as many languages as it may.' },
  no_such_captions: { kind: 'missing', message: 'The video has no captions in this language.' },
  too_many_downloads: { kind: 'busy', message: 'This server prepares as many downloads as it can; try again.' },
  too_many_keys: { kind: 'conflict', message: 'There are as many API keys as there may be: revoke some.' },
  too_many_requests: { kind: 'too_many', message: 'Too many requests from this address; try again later.' },
  too_many_uploads: { kind: 'busy', message: 'This server receives as many files as it can; try again.' },
  too_many_webhooks: { kind: 'conflict', message: 'There are as many webhooks as there may be.' },
  unauthorized: { kind: 'unauthorized', message: 'A valid token is needed.' },
  unknown_content: { kind: 'missing', message: 'No video has this content yet: send the bytes.' },
  url_bad_answer: {
    kind: 'unprocessable',
    message: 'The source at the URL answers with an error, or not with a file.',
  },
  url_refused: { kind: 'invalid', message: 'The URL is not one that this server fetches from or sends to.' },
  url_unreachable: { kind: 'unprocessable', message: 'The source at the URL cannot be fetched.' },
  upload_busy: { kind: 'busy', message: 'Another request still works on this upload; try again.' },
  upload_expired: { kind: 'gone', message: 'The upload was left alone for too long and is gone.' },
  upload_incomplete: { kind: 'invalid', message: 'The upload broke off before all its bytes arrived.' },
  upload_lock_lost: { kind: 'conflict', message: 'Another request has taken over this upload.' },
  upload_not_finished: { kind: 'conflict', message: 'The upload of this video is not finished.' },
  upload_offset_conflict: { kind: 'conflict', message: 'The upload stands at another offset.' },
  upload_too_large: { kind: 'too_large', message: 'The upload is larger than this server accepts.' },
  upload_too_long: { kind: 'too_large', message: 'More bytes arrived than the upload was declared to have.' },
  worker_too_old: { kind: 'conflict', message: 'This worker is of a version that is too old here: upgrade it.' },
} as const satisfies Record<string, { kind: ErrorKind; message: string }>;

export type ErrorCode = keyof typeof CODES;

/** The whole list, for the pages and tests that show it. */
export const ERROR_CODES = Object.keys(CODES) as readonly ErrorCode[];

export const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(CODES, code);

/** A failure that callers expect and can act on; anything else crashes upwards. */
export class DomainError extends Error {
  readonly code: ErrorCode;
  constructor(code: ErrorCode, detail?: string, options?: ErrorOptions) {
    super(detail ?? CODES[code].message, options);
    this.name = 'DomainError';
    this.code = code;
  }
  get kind(): ErrorKind {
    return CODES[this.code].kind;
  }
  /** The sentence that belongs to the code, whatever the detail. */
  get title(): string {
    return CODES[this.code].message;
  }
}
