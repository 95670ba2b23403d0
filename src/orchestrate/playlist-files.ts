import type { Captions } from '../domain/captions.ts';
import { dashManifest } from '../domain/dash-manifest.ts';
import { growingMediaPlaylist, mediaPlaylist, multivariantPlaylist } from '../domain/hls-playlist.ts';
import type { VideoId } from '../domain/ids.ts';
import { iframePlaylist } from '../domain/iframe-playlist.ts';
import {
  iframePlaylistKey,
  manifestKey,
  mediaPlaylistKey,
  multivariantKey,
  type ObjectKey,
} from '../domain/object-keys.ts';
import type { Offer } from '../domain/offer.ts';
import type { ObjectStore } from '../domain/ports.ts';
import { plannedTicks } from '../domain/segment-plan.ts';
import type { JobPlan, StoredRendition } from '../domain/tasks.ts';

import { withCaptions } from './caption-files.ts';

export type PlaylistFile = { readonly key: ObjectKey; readonly text: string };

/** What makes a video visible, in the order of writing: last the two that players start from. */
export function finalPlaylists(videoId: VideoId, made: Offer, captions: readonly Captions[]): PlaylistFile[] {
  const { offer, files } = withCaptions(videoId, made, captions);
  return [
    ...files,
    ...mediaFiles(videoId, offer, mediaPlaylist),
    ...iframeFiles(videoId, offer),
    { key: manifestKey({ videoId }), text: dashManifest(offer) },
    { key: multivariantKey({ videoId }), text: multivariantPlaylist(offer) },
  ];
}

/**
 * The same while the video is still being processed, at the same keys. Once all that is offered is whole, its playlists
 * have their end: whoever plays to it does not wait for the rungs that are missing. No DASH manifest grows.
 */
export function growingPlaylists(videoId: VideoId, offer: Offer, plan: JobPlan): PlaylistFile[] {
  const planned = ({ rendition }: StoredRendition): number[] => plannedTicks(plan, rendition);
  const isWhole = madeOf(offer).every((made) => made.segments.length === planned(made).length);
  const textOf = isWhole ? mediaPlaylist : (made: StoredRendition) => growingMediaPlaylist(made, planned(made));
  return [
    ...mediaFiles(videoId, offer, textOf),
    { key: multivariantKey({ videoId }), text: multivariantPlaylist(offer) },
  ];
}

/** Sound first: it may be ahead of the picture, and never behind it. */
const madeOf = ({ audio, video }: Offer): StoredRendition[] => [...audio, ...video].map(({ made }) => made);

const mediaFiles = (videoId: VideoId, offer: Offer, textOf: (made: StoredRendition) => string): PlaylistFile[] =>
  madeOf(offer).map((made) => ({
    key: mediaPlaylistKey({ videoId, generation: offer.generation, rendition: made.rendition }),
    text: textOf(made),
  }));

const iframeFiles = (videoId: VideoId, { video, generation }: Offer): PlaylistFile[] =>
  video.flatMap((one) => {
    const text = iframePlaylist(one);
    const key = iframePlaylistKey({ videoId, generation, rendition: one.rung.rendition });
    return text === undefined ? [] : [{ key, text }];
  });

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.mpd': 'application/dash+xml',
  '.m3u8': 'application/vnd.apple.mpegurl',
  '.vtt': 'text/vtt',
};

/** @param signal begins no further write after it has aborted. */
export async function writePlaylists(
  files: readonly PlaylistFile[],
  store: Pick<ObjectStore, 'put'>,
  signal?: AbortSignal,
): Promise<void> {
  for (const { key, text } of files) {
    signal?.throwIfAborted();
    const contentType = CONTENT_TYPES[key.slice(key.lastIndexOf('.'))] ?? 'application/octet-stream';
    await store.put(key, new TextEncoder().encode(text), { contentType, ...(signal ? { signal } : {}) });
  }
}

/** Those that do not stand in the store as they should. */
export async function replacedPlaylists(
  files: readonly PlaylistFile[],
  store: Pick<ObjectStore, 'read'>,
): Promise<PlaylistFile[]> {
  const standing = await Promise.all(files.map(({ key }) => store.read(key)));
  return files.filter(({ text }, i) => text !== new TextDecoder().decode(standing[i]?.bytes));
}
