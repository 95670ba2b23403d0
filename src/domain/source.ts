import { DomainError } from './errors.ts';
import type { VideoId } from './ids.ts';

/** Source parts are this long, but for the last. Frozen: object keys and content ids depend on it. */
export const PART_SIZE_BYTES = 8 * 1024 * 1024;

/** What a reader must know to find the bytes of a source. */
export type SourceRef = { readonly videoId: VideoId; readonly sizeBytes: number };

/** Bytes first to last, both included, as in HTTP. */
export type ByteRange = { readonly first: number; readonly last: number };

export const partCount = (sizeBytes: number): number => Math.ceil(sizeBytes / PART_SIZE_BYTES);

/** The pieces of parts that hold a range of the source, in order. */
export function partsOfRange(range: ByteRange): { part: number; range: ByteRange }[] {
  const pieces: { part: number; range: ByteRange }[] = [];
  for (let part = Math.floor(range.first / PART_SIZE_BYTES); part * PART_SIZE_BYTES <= range.last; part++) {
    const start = part * PART_SIZE_BYTES;
    const first = Math.max(range.first - start, 0);
    pieces.push({ part, range: { first, last: Math.min(range.last - start, PART_SIZE_BYTES - 1) } });
  }
  return pieces;
}

/**
 * Parses a `Range` header for an object of the given size (RFC 9110, section 14). Returns 'whole' where the
 * header is absent, malformed or asks for several ranges, which a server may ignore.
 * @throws DomainError range_not_satisfiable
 */
export function parseRange(header: string | undefined, sizeBytes: number): ByteRange | 'whole' {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return 'whole';
  const [, from = '', to = ''] = match;
  if (from === '') return suffixRange(Number(to), sizeBytes);
  const first = Number(from);
  const last = Math.min(to === '' ? sizeBytes - 1 : Number(to), sizeBytes - 1);
  if (to !== '' && Number(to) < first) return 'whole';
  if (first >= sizeBytes) throw new DomainError('range_not_satisfiable');
  return { first, last };
}

function suffixRange(lengthBytes: number, sizeBytes: number): ByteRange {
  if (lengthBytes === 0 || sizeBytes === 0) throw new DomainError('range_not_satisfiable');
  return { first: Math.max(sizeBytes - lengthBytes, 0), last: sizeBytes - 1 };
}
