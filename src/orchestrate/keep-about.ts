import type { AboutRecords } from '../domain/about-video.ts';
import { aboutKey } from '../domain/object-keys.ts';
import type { ObjectStore } from '../domain/ports.ts';
import { gzipJson } from '../lib/gzip-json.ts';

export type KeepAboutDeps = {
  readonly about: AboutRecords;
  readonly store: Pick<ObjectStore, 'put' | 'delete'>;
};

/**
 * Writes what the database knows of one video beside its objects, where it has changed. True when there was one.
 * Whoever was frozen here and writes an older version late finds out from `done`, which makes it due again.
 */
export async function keepAbout({ about, store }: KeepAboutDeps): Promise<boolean> {
  const due = await about.next();
  if (!due) return false;
  const video = await about.read(due.videoId);
  const key = aboutKey(due);
  if (video) await store.put(key, await gzipJson(video), { contentType: 'application/gzip' });
  // Deleted meanwhile: its other objects are gone, and this one would bring it back.
  if ((await about.done(due)) === 'gone') await store.delete(key);
  return true;
}
