import { DomainError } from '../domain/errors.ts';
import type { FrameRate } from '../domain/tasks.ts';
import type { StreamDescription } from './describe-source.ts';
import { parseRate } from './frame-rate.ts';
import { MAX_JUMPS, type PacketTimes, type Span } from './read-packets.ts';

/** Times of the tracks near their start and near their end; of a short source the same. */
export type SourceTimes = {
  readonly head: ReadonlyMap<number, PacketTimes>;
  readonly tail: ReadonlyMap<number, PacketTimes>;
  /** Some places between them, in sources that are long enough to be cut. */
  readonly between?: readonly ReadonlyMap<number, PacketTimes>[];
};

export const timesOf = ({ index }: StreamDescription, { head, tail }: SourceTimes) => ({
  head: head.get(index),
  tail: tail.get(index) ?? head.get(index),
});

export const timeBaseOf = (stream: StreamDescription): FrameRate =>
  parseRate(stream.time_base) ?? { numerator: 1, denominator: 1 };

export const seconds = (ticks: number, { numerator, denominator }: FrameRate): number =>
  (ticks * numerator) / denominator;

/**
 * What to take off the timestamps after each jump, so that every stretch begins where the one before it ended.
 * @throws DomainError source_unsupported
 */
export function jumpsOf(spans: readonly Span[], timeBase: FrameRate): string[] {
  if (spans.length - 1 > MAX_JUMPS) {
    throw new DomainError('source_unsupported', `The timestamps of the source jump more than ${MAX_JUMPS} times.`);
  }
  let endTicks = spans[0]?.startTicks ?? 0;
  const offsets = spans.map(({ startTicks, endTicks: end }) => {
    const offset = startTicks - endTicks;
    endTicks += end - startTicks;
    return offset;
  });
  return offsets.slice(1).map((offset) => seconds(offset, timeBase).toFixed(9));
}

/** From the start of the first stretch to the end of the last, without what lies between them. */
export const steadyTicks = (spans: readonly Span[]): number =>
  spans.reduce((sum, { startTicks, endTicks }) => sum + endTicks - startTicks, 0);
