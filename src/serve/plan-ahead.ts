import type { ObjectKey, PlaybackObject } from '../domain/object-keys.ts';
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
  // A player that scrubs asks for ranges of segments here and there.
  if (rendition === undefined || kind === 'iframes') return [];
  const place = places[trackOf(rendition)];
  if (segment !== undefined) return following(asked, segment, depthOf(place?.gapMs));
  if (place?.rendition === rendition) return [];
  const reason = place ? 'switch' : 'start';
  const first: Ahead = { wanted: segmentBeside(asked, (place?.segment ?? -1) + 1), reason };
  const init: Ahead = { wanted: initBeside(asked), reason };
  return kind === 'init' ? [first] : [init, first];
}

function following(asked: PlaybackObject, segment: number, depth: number): Ahead[] {
  const ahead: Ahead[] = [];
  for (let n = segment + 1; n <= Math.min(segment + depth, LAST_SEGMENT); n++)
    ahead.push({ wanted: segmentBeside(asked, n), reason: n === segment + 1 ? 'next' : 'fast' });
  return ahead;
}

/** The last number that a key can hold. */
const LAST_SEGMENT = 999_999;

/** As many segments as the session reads in a second. */
const depthOf = (gapMs = Number.POSITIVE_INFINITY): number =>
  Math.min(MAX_DEPTH, Math.max(1, Math.ceil(STEADY_GAP_MS / Math.max(1, gapMs))));

/** Made from a key that was checked, without checking it again: this is done for every request. */
const segmentBeside = ({ key, rendition }: PlaybackObject, segment: number): PlaybackObject => ({
  key: `${folderOf(key)}${String(segment).padStart(6, '0')}.m4s` as ObjectKey,
  kind: 'segment',
  ...(rendition === undefined ? {} : { rendition }),
  segment,
});
const initBeside = ({ key, rendition }: PlaybackObject): PlaybackObject => ({
  key: `${folderOf(key)}init.mp4` as ObjectKey,
  kind: 'init',
  ...(rendition === undefined ? {} : { rendition }),
});
export const playlistBeside = ({ key }: PlaybackObject): ObjectKey => `${folderOf(key)}index.m3u8` as ObjectKey;
export const folderOf = (key: ObjectKey): string => key.slice(0, key.lastIndexOf('/') + 1);
