import { DomainError } from '../domain/errors.ts';
import type { VideoId } from '../domain/ids.ts';
import type { LogEvent } from '../domain/log-events.ts';
import { aboutKey, manifestKey, multivariantKey, uploadPrefix, videoPrefix } from '../domain/object-keys.ts';
import type { ObjectStore, VideoRecords } from '../domain/ports.ts';
import type { Log } from '../lib/log.ts';

type Deps = {
  readonly store: Pick<ObjectStore, 'delete' | 'deletePrefix'>;
  readonly records: Pick<VideoRecords, 'find' | 'uploadsOf' | 'remove'>;
  readonly log: Log<LogEvent>;
};

/**
 * Removes a video for good. The published playlists go first, so that edges stop serving it, and what would bring it
 * back; the rows go last, so that a deletion that broke off can be repeated by the same call.
 */
export async function deleteVideo(videoId: VideoId, { store, records, log }: Deps): Promise<void> {
  if (!(await records.find(videoId))) throw new DomainError('no_such_video');
  await store.delete(multivariantKey({ videoId }));
  await store.delete(manifestKey({ videoId }));
  await store.delete(aboutKey({ videoId }));
  const objects = await store.deletePrefix(videoPrefix({ videoId }));
  for (const uploadId of await records.uploadsOf(videoId)) await store.deletePrefix(uploadPrefix({ uploadId }));
  await records.remove(videoId);
  // Tasks and uploads have gone with the rows, so this is the end of what they brought meanwhile. What somebody who
  // was frozen brings even later is found by the sweeper, which remembers the video for a day.
  const late = await store.deletePrefix(videoPrefix({ videoId })).catch((err: unknown) => {
    log.warn('upload_sweep_failed', { videoId, err });
    return 0;
  });
  log.info('video_deleted', { videoId, objects: objects + late });
}
