import type { PlaybackObject } from '../domain/object-keys.ts';
import { isAudio } from '../domain/object-keys.ts';

/** Where a session stands in one of its tracks. */
export type Place = {
  readonly rendition: string;
  readonly segment: number;
  readonly atMs: number;
  /** Between the last two segments that it read one after the other; Infinity where it did not. */
  readonly gapMs: number;
};
export type Places = { readonly video?: Place; readonly audio?: Place };

/** A player's change of its video rendition between two segments. */
export type Switch = { readonly from: string; readonly to: string; readonly segment: number };

/** Pure: what a request says of where the session stands now. */
export function followSession(before: Places, asked: PlaybackObject, nowMs: number): Places {
  const { rendition, segment } = asked;
  if (rendition === undefined || segment === undefined) return before;
  const track = trackOf(rendition);
  const last = before[track];
  // Ranges of one segment, or the same one again, are not progress.
  if (last?.rendition === rendition && last.segment === segment) return before;
  const gapMs = last?.segment === segment - 1 ? nowMs - last.atMs : Number.POSITIVE_INFINITY;
  return { ...before, [track]: { rendition, segment, atMs: nowMs, gapMs } };
}

export function switchBetween(before: Places, after: Places): Switch | undefined {
  if (!before.video || !after.video || before.video.rendition === after.video.rendition) return undefined;
  return { from: before.video.rendition, to: after.video.rendition, segment: after.video.segment };
}

export const trackOf = (rendition: string): 'video' | 'audio' => (isAudio(rendition) ? 'audio' : 'video');
