import type { SteadySound } from '../domain/audio-chunks.ts';
import type { PacketPace } from './packet-pace.ts';

export type SoundTimes = {
  readonly sampleRateHz: number;
  readonly ticksPerSecond: number;
  /** Looks at several places of a track: at its start first. */
  readonly looks: readonly PacketPace[];
};

/** With fewer packets the number of samples in each cannot be told. */
const MIN_PACKETS = 16;
/** Times are rounded to a tick, by some programs twice. */
const TOLERATED_TICKS = 2;
/** A time that is off by more than this share of a packet could be that of another one. */
const TOLERATED_SHARE = 1 / 8;

/**
 * Finds out whether the place of any sample can be told from the time of its packet, wherever decoding begins: the times
 * are exact, or all packets hold the same number of samples and have, but for rounding, the times that follow from that.
 * Undefined where neither is so in all that was looked at.
 */
export function steadySound({ sampleRateHz, ticksPerSecond, looks }: SoundTimes): SteadySound | undefined {
  const [head] = looks;
  const first = head?.places[0];
  const last = head?.places.at(-1);
  if (!first || !last) return undefined;
  const startSeconds = (first.ticks / ticksPerSecond).toFixed(9);
  const isExact = Number.isInteger(ticksPerSecond / sampleRateHz);
  if (isExact && looks.every(({ isGapless }) => isGapless)) return { packetSamples: 1, startSeconds };
  const packets = last.index - first.index;
  if (packets < MIN_PACKETS || last.ticks <= first.ticks) return undefined;
  const packetSamples = Math.round((((last.ticks - first.ticks) / ticksPerSecond) * sampleRateHz) / packets);
  const packetTicks = (packetSamples / sampleRateHz) * ticksPerSecond;
  const tolerated = Math.min(TOLERATED_TICKS, packetTicks * TOLERATED_SHARE);
  // Within a look packets are counted; between two looks there is a whole number of them.
  const isOnGrid = looks.every(({ places }) => {
    const origin = places[0]?.ticks ?? first.ticks;
    const before = Math.round((origin - first.ticks) / packetTicks);
    return places.every(({ index, ticks }) => {
      const expected = first.ticks + (before + index) * packetTicks;
      return Math.abs(ticks - expected) <= tolerated;
    });
  });
  return isOnGrid ? { packetSamples, startSeconds } : undefined;
}
