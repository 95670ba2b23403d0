/**
 * Large enough that a segment takes few trips through JavaScript: with 64 KiB, libuv's own size, a router passed on
 * half as many bytes a second (docs/decisions/0010-router-transport.md).
 */
const LARGE_BYTES = 256 * 1024;
/** When many answers are under way at once, memory counts for more than trips. */
const SMALL_BYTES = 64 * 1024;
const MANY_ANSWERS = 128;
/** Of each size, kept for the next answers: 40 MiB after a busy time. */
const MAX_KEPT = MANY_ANSWERS;
/** A head and a playlist; what is read here is copied, so that larger is not better. */
const SCRATCH_BYTES = 16 * 1024;

export type ReadBuffers = {
  /** A buffer to read a body into, sized by how many answers are under way. */
  take(answersUnderWay: number): Buffer;
  /** For the next taker. Only once for each `take`, and only when no byte of it is waited for any more. */
  giveBack(buffer: Buffer): void;
  /** Where heads and small answers are read into; what is to be kept of it must be copied before the next read. */
  readonly scratch: Buffer;
};

/** Buffers for bytes on their way from an edge to a client. One that is never given back is simply collected. */
export function createReadBuffers(): ReadBuffers {
  const [large, small]: [Buffer[], Buffer[]] = [[], []];
  return {
    scratch: Buffer.allocUnsafeSlow(SCRATCH_BYTES),
    take: (answersUnderWay) =>
      answersUnderWay > MANY_ANSWERS
        ? (small.pop() ?? Buffer.allocUnsafeSlow(SMALL_BYTES))
        : (large.pop() ?? Buffer.allocUnsafeSlow(LARGE_BYTES)),
    giveBack: (buffer) => {
      const kept = buffer.length === LARGE_BYTES ? large : small;
      if (kept.length < MAX_KEPT) kept.push(buffer);
    },
  };
}
