import { isVideoId, type VideoId } from '../../domain/ids.ts';
import { VIDEOS_PREFIX } from '../../domain/object-keys.ts';
import type { ListedObject, ObjectStore } from '../../domain/ports.ts';

export type StoredVideo = {
  readonly videoId: VideoId;
  /** Of all its objects, by their keys. */
  readonly sizes: ReadonlyMap<string, number>;
};
/** With the objects as they were listed. */
export type ListedVideo = StoredVideo & { readonly objects: readonly ListedObject[] };

/** The videos of a store, in the order of their ids. Holds the names of one video in memory: some 100,000 at most. */
export async function* storedVideos(store: Pick<ObjectStore, 'list'>): AsyncGenerator<ListedVideo> {
  let current: { videoId: VideoId; sizes: Map<string, number>; objects: ListedObject[] } | undefined;
  for (let after: string | undefined = ''; after !== undefined; ) {
    const page: Awaited<ReturnType<ObjectStore['list']>> = await store.list(
      VIDEOS_PREFIX,
      after === '' ? {} : { after },
    );
    for (const object of page.objects) {
      const { key, sizeBytes } = object;
      const videoId = key.split('/')[1] ?? '';
      if (!isVideoId(videoId)) continue;
      if (current && current.videoId !== videoId) yield current;
      if (current?.videoId !== videoId) current = { videoId, sizes: new Map(), objects: [] };
      current.sizes.set(key, sizeBytes);
      current.objects.push(object);
    }
    after = page.next;
  }
  if (current) yield current;
}
