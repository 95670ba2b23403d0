import { isVideoId, type VideoId } from './ids.ts';
import { playbackObject } from './object-keys.ts';

/** What a request target under `/play/` asks for. */
export type PlaybackPath =
  | { readonly asks: 'start'; readonly videoId: VideoId; readonly file: string; readonly isStray: boolean }
  | { readonly asks: 'object'; readonly videoId: VideoId; readonly token: string; readonly rest: string };

/** Everything under this prefix belongs to playback, also what is then not found. */
export const PLAYBACK_PREFIX = '/play/';

/**
 * The field by which the router tells an edge that takes a session over what the session asked for before, so that the
 * edge knows a switch when it sees one: a path below the session (docs/routing.md).
 */
export const SESSION_BEFORE = 'x-session-before';

type RangeFields = { readonly range?: string | undefined; readonly 'if-range'?: string | string[] | undefined };

/**
 * Whether a part from within an object is asked for, as a player does that scrubs: it shows a keyframe here and there,
 * and plays on elsewhere. The rest of what somebody has the beginning of, as of a session that moves, has an If-Range.
 */
export const isScrubbing = ({ range, 'if-range': ifRange }: RangeFields): boolean =>
  range !== undefined && !range.startsWith('bytes=0-') && ifRange === undefined;

const START = /^\/play\/([0-9a-z]{16})\/(index\.m3u8|manifest\.mpd)$/;
/**
 * An object without a session: some players, ffmpeg's DASH among them, resolve relative URLs against the address that
 * they were given and not against the one that they were sent to (RFC 3986, section 5.1.3, asks for the latter).
 */
const STRAY = /^\/play\/([0-9a-z]{16})\/(g\d{1,6}\/[a-z0-9./-]{1,128})$/;
const OBJECT = /^\/play\/([0-9a-z]{16})\/([\w.-]{1,64})\/([a-z0-9./-]{1,128})$/;

/**
 * Parses a request target as it came over the wire. Nothing is decoded or normalised: no path that we hand out
 * needs an escape, so whatever holds a `%`, a backslash or a byte beyond ASCII names nothing.
 */
export function parsePlaybackPath(target: string): PlaybackPath | undefined {
  const path = withoutQuery(target);
  const stray = STRAY.exec(path);
  const [, startVideo = '', file = ''] = stray ?? START.exec(path) ?? [];
  if (stray && !playbackObject(startVideo, file)) return undefined;
  if (isVideoId(startVideo)) return { asks: 'start', videoId: startVideo, file, isStray: stray !== null };
  const [, videoId = '', token = '', rest = ''] = OBJECT.exec(path) ?? [];
  return isVideoId(videoId) ? { asks: 'object', videoId, token, rest } : undefined;
}

function withoutQuery(target: string): string {
  const question = target.indexOf('?');
  return question < 0 ? target : target.slice(0, question);
}
