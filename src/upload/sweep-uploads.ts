import type { UploadId, VideoId } from '../domain/ids.ts';
import type { LogEvent } from '../domain/log-events.ts';
import { UPLOADS_PREFIX, uploadPrefix, videoPrefix } from '../domain/object-keys.ts';
import type { ObjectStore } from '../domain/ports.ts';
import type { UploadRecords } from '../domain/upload-records.ts';
import type { Log } from '../lib/log.ts';
import { removeUpload } from './remove-upload.ts';

export type SweepDeps = {
  readonly store: Pick<ObjectStore, 'deletePrefix' | 'list'>;
  readonly uploads: Pick<
    UploadRecords,
    | 'claimExpired'
    | 'doom'
    | 'remove'
    | 'known'
    | 'vanishedVideos'
    | 'forgetVanished'
    | 'removedVideos'
    | 'forgetOldKeys'
  >;
  readonly log: Log<LogEvent>;
};

/** Bounds what one process claims at a time; what is left comes in the next round. */
const UPLOADS_PER_ROUND = 20;

/**
 * Removes what nobody will come back for. Any number of processes may sweep at once: expired uploads are claimed one
 * by one, and the rest is harmless to do twice.
 * @returns whether there may be more.
 */
export async function sweepUploads(deps: SweepDeps): Promise<boolean> {
  const more = [await sweepExpired(deps), await sweepVanished(deps), await sweepRemoved(deps)].some(Boolean);
  await sweepTails(deps);
  await deps.uploads.forgetOldKeys();
  return more;
}

async function sweepExpired(deps: SweepDeps): Promise<boolean> {
  const expired = await deps.uploads.claimExpired(UPLOADS_PER_ROUND);
  for (const upload of expired) {
    await removeUpload(upload, deps);
    // The row of a finished upload was kept for clients that missed the last answer.
    const { uploadId, videoId, isFinished } = upload;
    deps.log[isFinished ? 'debug' : 'info']('upload_expired', { uploadId, videoId, isFinished });
  }
  return expired.length === UPLOADS_PER_ROUND;
}

/** Videos that turned out to be another one, where the process died before it removed their parts. */
async function sweepVanished({ uploads, store }: SweepDeps): Promise<boolean> {
  const vanished = await uploads.vanishedVideos(UPLOADS_PER_ROUND);
  for (const videoId of vanished) await removeVanished(videoId, { uploads, store });
  return vanished.length === UPLOADS_PER_ROUND;
}

async function removeVanished(
  videoId: VideoId,
  { uploads, store }: { uploads: Pick<UploadRecords, 'forgetVanished'>; store: Pick<ObjectStore, 'deletePrefix'> },
): Promise<void> {
  await store.deletePrefix(videoPrefix({ videoId }));
  await uploads.forgetVanished(videoId);
}

/**
 * Deleted videos: a worker or an orchestrator that was frozen during the deletion may have stored a segment or a
 * playlist after it. Both have lost their task by then and can publish nothing; this removes the objects.
 */
async function sweepRemoved({ uploads, store }: SweepDeps): Promise<boolean> {
  const removed = await uploads.removedVideos(UPLOADS_PER_ROUND);
  for (const videoId of removed) await store.deletePrefix(videoPrefix({ videoId }));
  return removed.length === UPLOADS_PER_ROUND;
}

/**
 * Tails without a row: their video was deleted in mid-upload, or a former holder of the lock woke up late. A row comes
 * before its first tail, so a tail that was listed and has no row never gets one.
 */
async function sweepTails({ store, uploads }: SweepDeps): Promise<void> {
  for (let after: string | undefined = ''; after !== undefined; ) {
    const page: Awaited<ReturnType<ObjectStore['list']>> = await store.list(
      UPLOADS_PREFIX,
      after === '' ? {} : { after },
    );
    const ids = [...new Set(page.objects.map(({ key }) => key.split('/')[1] as UploadId))];
    const known = new Set(await uploads.known(ids));
    for (const uploadId of ids.filter((id) => !known.has(id))) await store.deletePrefix(uploadPrefix({ uploadId }));
    after = page.next;
  }
}
