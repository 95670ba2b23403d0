import { DomainError } from '../domain/errors.ts';
import type { ObjectKey } from '../domain/object-keys.ts';
import type { ByteRange } from '../domain/source.ts';

/**
 * What every store accepts, so that moving from files to S3 changes no answer. Keys are checked here, at the
 * border of the adapters, whatever made them.
 */

/** S3 allows no longer key, in UTF-8. */
const MAX_KEY_BYTES = 1024;

/**
 * A segment of a key as the file store writes it. File systems allow 255; the rest is room for the marks of
 * file-names.ts.
 */
const MAX_FILE_NAME_BYTES = 200;

/** Objects travel whole: eight source parts' worth, which no segment of a sane bitrate reaches. */
export const MAX_OBJECT_BYTES = 64 * 1024 * 1024;

/** Also what S3 lists at most in one answer. */
export const MAX_LIST_LIMIT = 1000;

// Control characters and the two non-characters cannot stand in S3's XML; NUL ends a file name; a backslash
// is a separator elsewhere.
const NEVER_IN_KEYS = /[\p{Cc}\\\uFFFE\uFFFF]/u;

/** @throws DomainError bad_request */
export function assertObjectKey(key: ObjectKey): void {
  if (!isObjectKey(key)) throw new DomainError('bad_request', `Not an object key: ${shown(key)}.`);
}

/** A prefix is a key cut off anywhere; the empty one means everything. @throws DomainError bad_request */
export function assertPrefix(prefix: string): void {
  if (prefix !== '' && !isObjectKey(`${prefix}x`)) throw badPrefix(prefix);
}

/** A whole folder of keys, never everything. @throws DomainError bad_request */
export function assertFolderPrefix(prefix: string): void {
  if (!prefix.endsWith('/') || !isObjectKey(`${prefix}x`)) throw badPrefix(prefix);
}

function isObjectKey(key: string): boolean {
  if (!key.isWellFormed() || NEVER_IN_KEYS.test(key) || Buffer.byteLength(key) > MAX_KEY_BYTES) return false;
  return key.split('/').every(isSegment);
}

const isSegment = (segment: string): boolean =>
  segment !== '' && segment !== '.' && segment !== '..' && escapeSegment(segment).length <= MAX_FILE_NAME_BYTES;

const badPrefix = (prefix: string): DomainError =>
  new DomainError('bad_request', `Not a prefix of object keys: ${shown(prefix)}.`);

const shown = (text: string): string => JSON.stringify(text.slice(0, 80));

/**
 * A segment in letters that no file system confuses: those that are not a-z, 0-9, dot, dash or underscore
 * become %xx, byte by byte. So upper case survives file systems that ignore case.
 */
export function escapeSegment(segment: string): string {
  return Buffer.from(segment)
    .toString('latin1')
    .replace(/[^a-z0-9._-]/g, (byte) => `%${byte.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

/** @throws DomainError range_not_satisfiable */
export function assertRange(range: ByteRange | undefined): void {
  if (!range) return;
  const { first, last } = range;
  const sound = Number.isSafeInteger(first) && Number.isSafeInteger(last) && first >= 0 && last >= first;
  if (!sound) throw new DomainError('range_not_satisfiable');
}

/**
 * Nobody waits for the answer any more. Where that is for a deadline, whoever set it, the store was too slow for it.
 * @throws DomainError store_unavailable; any other reason of the signal
 */
export function assertAwaited(signal: AbortSignal | undefined): void {
  if (!signal?.aborted) return;
  const cause: unknown = signal.reason;
  if (!isDeadline(cause)) throw cause;
  throw new DomainError('store_unavailable', 'the object store does not answer in time', { cause });
}

/** What AbortSignal.timeout gives as its reason. */
export const isDeadline = (reason: unknown): boolean =>
  reason instanceof DOMException && reason.name === 'TimeoutError';

export function assertObjectSize(key: ObjectKey, sizeBytes: number): void {
  if (sizeBytes <= MAX_OBJECT_BYTES) return;
  throw new Error(`object ${shown(key)} has ${sizeBytes} bytes, more than the ${MAX_OBJECT_BYTES} that travel whole`);
}

/** Order of the UTF-8 bytes, which is S3's; JavaScript's own order differs beyond U+FFFF. */
export const compareKeys = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

export function listLimit(limit: number | undefined): number {
  return Math.min(Math.max(Math.trunc(limit ?? MAX_LIST_LIMIT), 1), MAX_LIST_LIMIT);
}
