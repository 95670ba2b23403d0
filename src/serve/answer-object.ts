import { parseRange } from '../domain/source.ts';
import { etagMatches } from '../lib/etag.ts';
import type { CachedObject } from './segment-cache.ts';

/** What goes over the wire but for the fields that every answer of an edge has. `head` is flat name-value pairs. */
export type Answer = {
  readonly status: 200 | 206 | 304;
  readonly head: readonly string[];
  readonly body: Buffer;
  /** The body once more, where it is small and whole. */
  readonly text?: string | undefined;
};

/** The request fields that decide; node:http spells them in lower case. */
type Asked = {
  readonly 'if-none-match'?: string | undefined;
  readonly 'if-range'?: string | string[] | undefined;
  readonly range?: string | undefined;
};

const NOTHING = Buffer.alloc(0);

/**
 * Chooses between the whole object, a part of it and "not modified" (RFC 9110, sections 13 and 14).
 * @throws DomainError range_not_satisfiable
 */
export function answerObject(asked: Asked, { bytes, text, etag, head }: CachedObject): Answer {
  if (etagMatches(asked['if-none-match'], etag)) return { status: 304, head, body: NOTHING };
  const range = isRangeMeant(asked, etag) ? parseRange(asked.range, bytes.length) : 'whole';
  if (range === 'whole') return { status: 200, head: withLength(head, bytes), body: bytes, text };
  const body = bytes.subarray(range.first, range.last + 1);
  const contentRange = `bytes ${range.first}-${range.last}/${bytes.length}`;
  return { status: 206, head: [...withLength(head, body), 'Content-Range', contentRange], body };
}

/** The field that goes with a refused range. */
export const unsatisfiedRange = (sizeBytes: number): readonly string[] => ['Content-Range', `bytes */${sizeBytes}`];

/** A client that says which version it has a part of wants the whole of any other; dates are not our validators. */
const isRangeMeant = (asked: Asked, etag: string): boolean =>
  asked['if-range'] === undefined || asked['if-range'] === etag;

const withLength = (head: readonly string[], body: Buffer): string[] => [
  ...head,
  'Content-Length',
  String(body.length),
];
