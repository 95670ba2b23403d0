import { formatBitrate, formatBytes, formatSize } from '../shared/format.ts';
import { isAudio, type SegmentNote } from './playback-notes.ts';

/** What the player and its media element know at one moment. */
export type Readings = {
  readonly sessionId: string;
  readonly segments: readonly SegmentNote[];
  readonly widthPx: number;
  readonly heightPx: number;
  /** Media ahead of what is shown. */
  readonly bufferSeconds: number;
  readonly throughputBps: number | undefined;
  readonly frames: number;
  readonly droppedFrames: number;
};

/** Name and value of each line of the statistics. */
export function statRows(readings: Readings): readonly (readonly [name: string, value: string])[] {
  const { sessionId, segments, widthPx, heightPx, bufferSeconds, throughputBps, frames, droppedFrames } = readings;
  const video = segments.findLast((segment) => !isAudio(segment));
  const size = widthPx > 0 ? (formatSize(widthPx, heightPx) ?? '–') : '–';
  return [
    ['Session', sessionId || '–'],
    ['Edge', segments.findLast(({ edge }) => edge !== '')?.edge ?? '–'],
    ['Shown', size],
    ['Loading', video ? `${video.rendition}, segment ${video.segment}` : '–'],
    ['Buffer', `${bufferSeconds.toFixed(1)} s`],
    ['Throughput', throughputBps === undefined ? '–' : formatBitrate(throughputBps)],
    ['Dropped', `${droppedFrames} of ${frames} frames`],
    ['Cache', cacheSummary(segments)],
  ];
}

/** How many of the last segments were answered how: `20 hit, 4 miss`. */
function cacheSummary(segments: readonly SegmentNote[]): string {
  const counts = Map.groupBy(segments, cacheOf);
  return [...counts].map(([cache, all]) => `${all.length} ${cache}`).join(', ') || '–';
}

/** A browser's own cache answers with what the edge said then, and so does this. */
export const cacheOf = ({ cache }: SegmentNote): string => cache || 'unknown';

export const segmentTitle = (note: SegmentNote): string =>
  `${note.rendition} ${note.segment}: ${cacheOf(note)}, ${formatBytes(note.bytes)} in ${Math.round(note.loadMs)} ms`;

/** Seconds that are loaded ahead of a position without a gap. */
export function bufferAhead(ranges: readonly (readonly [start: number, end: number])[], seconds: number): number {
  const around = ranges.find(([start, end]) => start <= seconds && seconds < end);
  return around ? around[1] - seconds : 0;
}
