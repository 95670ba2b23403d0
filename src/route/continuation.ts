import type { AnswerHead } from './answer-head.ts';
import type { Continuation } from './forward-headers.ts';

/** The bytes that a client was promised: `first` to `last` of an object of `totalBytes`, in the version of this tag. */
export type PromisedBytes = {
  readonly first: number;
  readonly last: number;
  readonly totalBytes: number;
  readonly etag: string;
};

/** @returns undefined where the promise cannot be kept by anybody else: no strong tag, or nothing was promised. */
export function promisedBytes({ status, bodyBytes, etag, contentRange }: AnswerHead): PromisedBytes | undefined {
  if (etag === undefined || !etag.startsWith('"') || bodyBytes === 0) return undefined;
  if (status === 200) return { first: 0, last: bodyBytes - 1, totalBytes: bodyBytes, etag };
  const [, first, last, total] = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/.exec(contentRange ?? '') ?? [];
  const promised = { first: Number(first), last: Number(last), totalBytes: Number(total), etag };
  const isWhole = status === 206 && promised.last - promised.first + 1 === bodyBytes;
  return isWhole && promised.last < promised.totalBytes ? promised : undefined;
}

/** How to ask another edge for what is still owed after so many bytes (RFC 9110, section 13.1.5). */
export const askForRest = ({ first, last, etag }: PromisedBytes, sentBytes: number): Continuation => ({
  range: `bytes=${first + sentBytes}-${last}`,
  'if-range': etag,
});

/** Whether the answer is exactly the owed rest of the same version: anything else must never be joined to it. */
export function isRest(head: AnswerHead, owed: PromisedBytes, sentBytes: number): boolean {
  const offered = head.status === 206 ? promisedBytes(head) : undefined;
  return (
    offered !== undefined &&
    offered.first === owed.first + sentBytes &&
    offered.last === owed.last &&
    offered.totalBytes === owed.totalBytes &&
    offered.etag === owed.etag
  );
}
