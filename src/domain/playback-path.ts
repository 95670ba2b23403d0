import { isVideoId, type VideoId } from './ids.ts';

/** What a request target under `/play/` asks for. */
export type PlaybackPath =
  | { readonly asks: 'start'; readonly videoId: VideoId; readonly file: StartFile }
  | { readonly asks: 'object'; readonly videoId: VideoId; readonly token: string; readonly rest: string };

export type StartFile = 'index.m3u8' | 'manifest.mpd';

/** Everything under this prefix belongs to playback, also what is then not found. */
export const PLAYBACK_PREFIX = '/play/';

const START = /^\/play\/([0-9a-z]{16})\/(index\.m3u8|manifest\.mpd)$/;
const OBJECT = /^\/play\/([0-9a-z]{16})\/([\w.-]{1,64})\/([a-z0-9./-]{1,128})$/;

/**
 * Parses a request target as it came over the wire. Nothing is decoded or normalised: no path that we hand out
 * needs an escape, so whatever holds a `%`, a backslash or a byte beyond ASCII names nothing.
 */
export function parsePlaybackPath(target: string): PlaybackPath | undefined {
  const path = withoutQuery(target);
  const [, startVideo = '', file = ''] = START.exec(path) ?? [];
  if (isVideoId(startVideo)) return { asks: 'start', videoId: startVideo, file: file as StartFile };
  const [, videoId = '', token = '', rest = ''] = OBJECT.exec(path) ?? [];
  return isVideoId(videoId) ? { asks: 'object', videoId, token, rest } : undefined;
}

function withoutQuery(target: string): string {
  const question = target.indexOf('?');
  return question < 0 ? target : target.slice(0, question);
}
