import type { VideoId } from '../domain/ids.ts';
import type { LogEvent } from '../domain/log-events.ts';
import { videoPrefix } from '../domain/object-keys.ts';
import type { FinishedUpload, ObjectStore, VideoRecords } from '../domain/ports.ts';
import type { UploadAnswer } from '../domain/video-resource.ts';
import type { Log } from '../lib/log.ts';
import type { ReceivedSource } from './append-bytes.ts';
import { contentIdOf } from './content-id.ts';

export type CompleteDeps = {
  readonly store: Pick<ObjectStore, 'deletePrefix'>;
  readonly records: Pick<VideoRecords, 'finishUpload'>;
  readonly log: Log<LogEvent>;
};

/**
 * All bytes are stored: the upload becomes a video with its first job queued, or, where the same bytes are a video
 * already, that one is the answer and the new parts are removed.
 */
export async function completeUpload(
  videoId: VideoId,
  source: Pick<ReceivedSource, 'parts' | 'sizeBytes'>,
  deps: CompleteDeps,
  more: Pick<FinishedUpload, 'upload' | 'idempotencyKey'> = {},
): Promise<UploadAnswer> {
  const { parts, sizeBytes } = source;
  const contentId = contentIdOf(parts.map((part) => part.sha256));
  const done = await deps.records.finishUpload({ videoId, contentId, parts, ...more });
  // A repeated Idempotency-Key is told what it was told before, although the bytes are a duplicate this time.
  if (done.videoId === videoId) {
    const { jobId, uploadMs: durationMs } = done.first ?? {};
    deps.log.info('upload_completed', { videoId, jobId, sizeBytes, parts: parts.length, contentId, durationMs });
  } else {
    deps.log.info('upload_duplicate', { videoId, of: done.videoId, sizeBytes, contentId });
    await deps.store.deletePrefix(videoPrefix({ videoId }));
  }
  return { id: done.videoId, state: done.state, created: done.created, contentId };
}
