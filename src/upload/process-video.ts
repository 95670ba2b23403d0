import { DomainError } from '../domain/errors.ts';
import type { VideoId } from '../domain/ids.ts';
import type { VideoRecords } from '../domain/ports.ts';
import type { VideoResource } from '../domain/video-resource.ts';

/** Queues a job by hand: for a failed video, or with `force` a new generation of a ready one. */
export async function processVideo(
  videoId: VideoId,
  force: boolean,
  { records }: { records: Pick<VideoRecords, 'find' | 'requestJob'> },
): Promise<VideoResource> {
  const video = await records.find(videoId);
  if (!video) throw new DomainError('no_such_video');
  if (video.state !== 'ready' || force)
    await records.requestJob(videoId, force ? 'forced by hand' : 'requested by hand');
  const changed = await records.find(videoId);
  if (!changed) throw new DomainError('no_such_video');
  return changed;
}
