/**
 * Large enough that a segment takes few trips through JavaScript: with 64 KiB, libuv's own size, a router passed on
 * half as many bytes a second (bench/README.md).
 */
const LARGE_BYTES = 256 * 1024;
/** When many answers are under way at once, memory counts for more than trips. */
const SMALL_BYTES = 64 * 1024;
const MANY_ANSWERS = 128;
/** Kept for the next answers: 32 MiB after a busy time. */
const MAX_KEPT = MANY_ANSWERS;

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
  const kept: Buffer[] = [];
  return {
    scratch: Buffer.allocUnsafeSlow(SMALL_BYTES),
    take: (answersUnderWay) => {
      if (answersUnderWay > MANY_ANSWERS) return Buffer.allocUnsafeSlow(SMALL_BYTES);
      return kept.pop() ?? Buffer.allocUnsafeSlow(LARGE_BYTES);
    },
    giveBack: (buffer) => {
      if (buffer.length === LARGE_BYTES && kept.length < MAX_KEPT) kept.push(buffer);
    },
  };
}
