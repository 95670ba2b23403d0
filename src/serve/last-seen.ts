import { LRUCache } from 'lru-cache';
import type { VideoId } from '../domain/ids.ts';
import type { ObjectDisk } from '../domain/object-disk.ts';
import { type ObjectKey, privateMarkKey, videoPrefix } from '../domain/object-keys.ts';
import type { Visibility } from '../domain/playback-grant.ts';
import type { StoredObject } from '../domain/ports.ts';

/**
 * What can be replaced in the store, and whether a video was published and for whom, as this edge saw it last. It is
 * read where nothing is in memory, after a start or an eviction, and counts while the store is away.
 */
export type LastSeen = {
  note(key: ObjectKey, object: StoredObject): void;
  recall(key: ObjectKey): Promise<StoredObject | undefined>;
  /** Noted of published videos only. */
  noteVisibility(videoId: VideoId, visibility: Visibility): void;
  recallVisibility(videoId: VideoId): Promise<Visibility | undefined>;
  /** What was removed from the store. */
  forget(key: ObjectKey): void;
  /** Of a video that was withdrawn. */
  forgetVideo(videoId: VideoId): void;
};

/** Playlists that are read again every few seconds are written only when they changed. */
const MAX_NOTED = 20_000;

/** Without a disk nothing is recalled. */
export function createLastSeen(disk: ObjectDisk | undefined): LastSeen {
  const noted = new LRUCache<ObjectKey, string>({ max: MAX_NOTED });
  const note = (key: ObjectKey, object: StoredObject): void => {
    if (noted.get(key) === object.etag) return;
    noted.set(key, object.etag);
    disk?.replace(key, object);
  };
  return {
    note,
    recall: async (key) => disk?.read(key),
    // Under the key of the mark, though the store has an object there only where the video is private.
    noteVisibility: (videoId, visibility) => note(privateMarkKey({ videoId }), asObject(visibility)),
    recallVisibility: async (videoId) => {
      const object = await disk?.read(privateMarkKey({ videoId }));
      return object && (Buffer.from(object.bytes).toString() === 'public' ? 'public' : 'private');
    },
    forget: (key) => {
      noted.delete(key);
      disk?.delete(key);
    },
    forgetVideo: (videoId) => {
      noted.clear();
      disk?.deletePrefix(videoPrefix({ videoId }));
    },
  };
}

const asObject = (text: string): StoredObject => {
  const bytes = Buffer.from(text);
  return { bytes, sizeBytes: bytes.length, etag: text, contentType: 'text/plain' };
};
