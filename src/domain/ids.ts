import { DomainError } from './errors.ts';

export type VideoId = string & { readonly __is: 'VideoId' };
export type JobId = string & { readonly __is: 'JobId' };
export type TaskId = string & { readonly __is: 'TaskId' };
export type ApiKeyId = string & { readonly __is: 'ApiKeyId' };
export type WebhookId = string & { readonly __is: 'WebhookId' };
export type SessionId = string & { readonly __is: 'SessionId' };
/** 128 random bits in hex: whoever knows it may write to the upload. */
export type UploadId = string & { readonly __is: 'UploadId' };
/** SHA-256 over the concatenated SHA-256 digests of the source parts, in hex. */
export type ContentId = string & { readonly __is: 'ContentId' };

/** 80 random bits in Crockford's base 32, lower case: no look-alikes, safe in paths and host names. */
const SHORT_ID = /^[0-9a-hjkmnp-tv-z]{16}$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export const isVideoId = (text: string): text is VideoId => SHORT_ID.test(text);
export const isSessionId = (text: string): text is SessionId => SHORT_ID.test(text);
const UPLOAD_ID = /^[0-9a-f]{32}$/;
export const isUploadId = (text: string): text is UploadId => UPLOAD_ID.test(text);
const CONTENT_ID = /^[0-9a-f]{64}$/;
export const isContentId = (text: string): text is ContentId => CONTENT_ID.test(text);
export const isTaskId = (text: string): text is TaskId => UUID.test(text);

export const isWebhookId = (text: string): text is WebhookId => UUID.test(text);
export const isJobId = (text: string): text is JobId => UUID.test(text);

export function parseJobId(text: string): JobId {
  if (!isJobId(text)) throw new DomainError('no_such_job');
  return text;
}

export function parseVideoId(text: string): VideoId {
  if (!isVideoId(text)) throw new DomainError('no_such_video');
  return text;
}

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/** Turns at least 10 random bytes into a short id. Chance is handed in. */
export function shortIdFrom(random: Uint8Array): string {
  let bits = 0n;
  for (const byte of random.subarray(0, 10)) bits = (bits << 8n) | BigInt(byte);
  return Array.from({ length: 16 }, (_, i) => ALPHABET[Number((bits >> BigInt(75 - 5 * i)) & 31n)]).join('');
}
