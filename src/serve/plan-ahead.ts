import { type PlaybackObject, playbackObject } from '../domain/object-keys.ts';
import { type Places, trackOf } from './follow-session.ts';

/** Why something is fetched ahead: what the player named, the next in line, or more for one that reads fast. */
export type AheadReason = 'named' | 'next' | 'fast' | 'start' | 'switch';
export type Ahead = { readonly wanted: PlaybackObject; readonly reason: AheadReason };

/** A session that reads a segment in this time or more is served well by one segment ahead. */
const STEADY_GAP_MS = 1000;
/** More would be lost when the player switches or leaves, and a session would crowd out others. */
const MAX_DEPTH = 4;

/**
 * Pure: what the session will ask for after `asked`. After a segment, the next ones of the same rendition, or what the
 * player itself named. After a playlist or an init of a rendition that it does not play yet, what every player asks for
 * then: that rendition's init, and the segment after the one that it has.
 */
export function planAhead(asked: PlaybackObject, places: Places, named: readonly PlaybackObject[]): readonly Ahead[] {
  if (named.length > 0) return named.map((wanted) => ({ wanted, reason: 'named' }));
  const { kind, rendition, segment } = asked;
  if (rendition === undefined) return [];
  const place = places[trackOf(rendition)];
  if (segment !== undefined) return following(asked, segment, depthOf(place?.gapMs));
  if (place?.rendition === rendition) return [];
  const reason = place ? 'switch' : 'start';
  const first = sibling(asked, segmentFile((place?.segment ?? -1) + 1));
  const init = kind === 'init' ? undefined : sibling(asked, 'init.mp4');
  return [init, first].flatMap((wanted) => (wanted ? [{ wanted, reason }] : []));
}

function following(asked: PlaybackObject, segment: number, depth: number): Ahead[] {
  return Array.from({ length: depth }, (_, i) => i).flatMap((i) => {
    const wanted = sibling(asked, segmentFile(segment + 1 + i));
    return wanted ? [{ wanted, reason: i === 0 ? ('next' as const) : ('fast' as const) }] : [];
  });
}

/** As many segments as the session reads in a second. */
const depthOf = (gapMs = Number.POSITIVE_INFINITY): number =>
  Math.min(MAX_DEPTH, Math.max(1, Math.ceil(STEADY_GAP_MS / Math.max(1, gapMs))));

const segmentFile = (segment: number): string => `${String(segment).padStart(6, '0')}.m4s`;

/** The object of that name beside another one, where there can be one. */
export function sibling({ key }: PlaybackObject, file: string): PlaybackObject | undefined {
  const [, videoId = '', ...path] = key.split('/');
  return playbackObject(videoId, [...path.slice(0, -1), file].join('/'));
}
