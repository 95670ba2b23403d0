import type { VideoId } from '../../domain/ids.ts';
import { UPLOADS_PREFIX } from '../../domain/object-keys.ts';
import type { ListedObject, ObjectStore } from '../../domain/ports.ts';
import { storedVideos } from '../rebuild/stored-videos.ts';
import { canBeRebuilt, type GarbageRecords, judgeVideoObject, type Reason } from './judge-object.ts';

export type GarbageDeps = {
  readonly store: Pick<ObjectStore, 'list'>;
  readonly records: GarbageRecords;
  /** What was written later is left alone: somebody may be at work on it. Milliseconds since 1970. */
  readonly writtenBeforeMs: number;
};

export type Found =
  | { readonly garbage: ListedObject; readonly reason: Reason }
  /** A whole video that the database does not know: nothing of it is garbage. */
  | { readonly unknownVideo: VideoId };

/** Objects that no row stands behind. Looks only; what is named here was not written lately. */
export async function* findGarbage(deps: GarbageDeps): AsyncGenerator<Found> {
  yield* ofVideos(deps);
  yield* ofUploads(deps);
  yield* ofChecks(deps);
}

const isOld = ({ modifiedAtMs }: ListedObject, { writtenBeforeMs }: GarbageDeps): boolean =>
  modifiedAtMs < writtenBeforeMs;

async function* ofVideos(deps: GarbageDeps): AsyncGenerator<Found> {
  for await (const video of storedVideos(deps.store)) {
    const known = await deps.records.find(video.videoId);
    if (!known && canBeRebuilt(video)) {
      yield { unknownVideo: video.videoId };
      continue;
    }
    for (const object of video.objects) {
      const reason = judgeVideoObject(object.key, known);
      if (reason && isOld(object, deps)) yield { garbage: object, reason };
    }
  }
}

async function* ofUploads(deps: GarbageDeps): AsyncGenerator<Found> {
  for await (const objects of pages(deps.store, UPLOADS_PREFIX)) {
    const idOf = ({ key }: ListedObject): string => key.split('/')[1] ?? '';
    const known = new Set(await deps.records.knownUploads([...new Set(objects.map(idOf))]));
    for (const object of objects)
      if (!known.has(idOf(object)) && isOld(object, deps)) yield { garbage: object, reason: 'no_upload' };
  }
}

/** Each is there for a moment, unless its process was killed in that moment. */
const CHECKS_PREFIX = 'checks/';

async function* ofChecks(deps: GarbageDeps): AsyncGenerator<Found> {
  for await (const objects of pages(deps.store, CHECKS_PREFIX))
    for (const object of objects) if (isOld(object, deps)) yield { garbage: object, reason: 'old_check' };
}

async function* pages(store: GarbageDeps['store'], prefix: string): AsyncGenerator<readonly ListedObject[]> {
  for (let after: string | undefined = ''; after !== undefined; ) {
    const page: Awaited<ReturnType<ObjectStore['list']>> = await store.list(prefix, after === '' ? {} : { after });
    yield page.objects;
    after = page.next;
  }
}
