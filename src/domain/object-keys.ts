import { isVideoId, type VideoId } from './ids.ts';

/**
 * Names of stored objects. A key follows from what it holds and from nothing else, so that doing something
 * twice writes to the same place. The format is frozen: docs/object-keys.md.
 */
export type ObjectKey = string & { readonly __is: 'ObjectKey' };

type OfVideo = { readonly videoId: VideoId };
type OfGeneration = OfVideo & { readonly generation: number };
type OfRendition = OfGeneration & { readonly rendition: string };

/** Everything that belongs to videos, in the order of their ids. */
export const VIDEOS_PREFIX = 'videos/';
/** Everything that belongs to uploads under way. */
export const UPLOADS_PREFIX = 'uploads/';

const six = (n: number): string => String(n).padStart(6, '0');
const key = (text: string): ObjectKey => text as ObjectKey;

export const videoPrefix = (of: OfVideo): string => `videos/${of.videoId}/`;
export const sourcePrefix = (of: OfVideo): string => `videos/${of.videoId}/source/`;
export const generationPrefix = (of: OfGeneration): string => `videos/${of.videoId}/g${of.generation}/`;
export const sourcePartKey = (of: OfVideo & { part: number }): ObjectKey => key(`${sourcePrefix(of)}${six(of.part)}`);
export const uploadPrefix = (of: { uploadId: string }): string => `${UPLOADS_PREFIX}${of.uploadId}/`;
/**
 * Bytes after the last whole part. The token is that of the lock they were written under: an object store cannot
 * refuse a former holder's late write, so such a write gets a name that no row points to.
 */
export const uploadTailKey = (of: { uploadId: string; token: number }): ObjectKey =>
  key(`${uploadPrefix(of)}tail-${of.token}`);
/** Bytes of an unfinished part that its holder has put out of memory; nobody else ever reads them. */
export const uploadParkedKey = (of: { uploadId: string; token: number }): ObjectKey =>
  key(`${uploadPrefix(of)}parked-${of.token}`);
export const initKey = (of: OfRendition): ObjectKey => key(`${generationPrefix(of)}${of.rendition}/init.mp4`);
export const segmentKey = (of: OfRendition & { segment: number }): ObjectKey =>
  key(`${generationPrefix(of)}${of.rendition}/${six(of.segment)}.m4s`);
export const mediaPlaylistKey = (of: OfRendition): ObjectKey =>
  key(`${generationPrefix(of)}${of.rendition}/index.m3u8`);
/** Only the keyframes of a rendition. */
export const iframePlaylistKey = (of: OfRendition): ObjectKey =>
  key(`${generationPrefix(of)}${of.rendition}/iframes.m3u8`);
/** Renditions of sound are named `a` or `a-…` (`a-en`), those of pictures `v…` (`v240`). */
export const isAudio = (rendition: string): boolean => rendition === 'a' || rendition.startsWith('a-');
/** Poster and storyboard; names as in storyboard.ts. */
export const imageKey = (of: OfGeneration & { name: string }): ObjectKey =>
  key(`${generationPrefix(of)}images/${of.name}`);
/** Captions: a playlist and a file of one name. */
export const textKey = (of: OfGeneration & { file: string }): ObjectKey =>
  key(`${generationPrefix(of)}text/${of.file}`);
export const multivariantKey = (of: OfVideo): ObjectKey => key(`${videoPrefix(of)}index.m3u8`);
/** An object that stands here makes the video private; what it holds does not matter. */
export const privateMarkKey = (of: OfVideo): ObjectKey => key(`${videoPrefix(of)}private`);
/** What the database knows of the video and its other objects do not tell: about-video.ts. */
export const aboutKey = (of: OfVideo): ObjectKey => key(`${videoPrefix(of)}about.json.gz`);
export const manifestKey = (of: OfVideo): ObjectKey => key(`${videoPrefix(of)}manifest.mpd`);

/** What a player may fetch of a video. `rest` is the path below the session. */
export type PlaybackObject = {
  readonly key: ObjectKey;
  readonly kind: 'multivariant' | 'manifest' | 'playlist' | 'iframes' | 'init' | 'segment' | 'image' | 'text';
  readonly rendition?: string;
  readonly segment?: number;
};

const RENDITION_FILE =
  /^g(\d{1,6})\/([a-z0-9][a-z0-9-]{0,31})\/(?:(init\.mp4)|(index\.m3u8)|(iframes\.m3u8)|(\d{6})\.m4s)$/;
const SIDE_FILE = /^g\d{1,6}\/(images|text)\/[a-z0-9][a-z0-9.-]{0,63}$/;

/**
 * Maps a path below a playback session to the object it names. Only what belongs to playback has an answer:
 * never a source part, never another prefix.
 */
export function playbackObject(videoId: string, rest: string): PlaybackObject | undefined {
  if (!isVideoId(videoId)) return undefined;
  if (rest === 'index.m3u8') return { key: multivariantKey({ videoId }), kind: 'multivariant' };
  if (rest === 'manifest.mpd') return { key: manifestKey({ videoId }), kind: 'manifest' };
  const file = RENDITION_FILE.exec(rest);
  if (file) return renditionObject(videoId, rest, file);
  const side = SIDE_FILE.exec(rest);
  if (side) return { key: key(`videos/${videoId}/${rest}`), kind: side[1] === 'images' ? 'image' : 'text' };
  return undefined;
}

function renditionObject(videoId: VideoId, rest: string, match: RegExpExecArray): PlaybackObject {
  const [, , rendition = '', init, playlist, iframes, segment] = match;
  const of = { key: key(`videos/${videoId}/${rest}`), rendition };
  if (init) return { ...of, kind: 'init' };
  if (playlist) return { ...of, kind: 'playlist' };
  if (iframes) return { ...of, kind: 'iframes' };
  return { ...of, kind: 'segment', segment: Number(segment) };
}
