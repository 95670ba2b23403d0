import type { StoredRendition, StoredSegment } from './tasks.ts';

export type Bandwidth = { readonly peakBps: number; readonly averageBps: number };

/**
 * Measured rates of a rendition (RFC 8216bis, BANDWIDTH and AVERAGE-BANDWIDTH). The peak is that of any run of
 * segments between 0.5 and 1.5 target durations; as all our segments but the last are one target duration long, it is
 * the largest single one, where a last segment of less than half of that counts together with the one before it.
 */
export function measureBandwidth({ segments, timescale }: StoredRendition): Bandwidth {
  const longest = Math.max(...segments.map((segment) => segment.durationTicks));
  const runs = segments.map((segment, i) => {
    const before = segments[i - 1];
    return segment.durationTicks * 2 < longest && before ? [before, segment] : [segment];
  });
  const bps = (run: readonly StoredSegment[]): number => Math.ceil((bits(run) * timescale) / ticks(run));
  return { peakBps: Math.max(...runs.map(bps)), averageBps: bps(segments) };
}

export const secondsOf = ({ segments, timescale }: StoredRendition): number => ticks(segments) / timescale;

const bits = (run: readonly StoredSegment[]): number => run.reduce((sum, segment) => sum + segment.sizeBytes * 8, 0);
const ticks = (run: readonly StoredSegment[]): number => run.reduce((sum, segment) => sum + segment.durationTicks, 0);
