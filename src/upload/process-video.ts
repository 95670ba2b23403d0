import { DomainError } from '../domain/errors.ts';
import type { VideoId } from '../domain/ids.ts';
import type { JobRequest, VideoRecords } from '../domain/ports.ts';
import type { VideoResource } from '../domain/video-resource.ts';

type Wish = Omit<JobRequest, 'reason'>;

/** Processes by hand: a failed video goes on, and with `force` or a ladder any gets a new generation. */
export async function processVideo(
  videoId: VideoId,
  wish: Wish,
  { records }: { records: Pick<VideoRecords, 'find' | 'requestJob'> },
): Promise<VideoResource> {
  const video = await records.find(videoId);
  if (!video) throw new DomainError('no_such_video');
  const isNew = wish.force || wish.ladder !== undefined;
  const reason = isNew ? 'forced by hand' : 'requested by hand';
  if (video.state !== 'ready' || isNew) await records.requestJob(videoId, { ...wish, reason });
  const changed = await records.find(videoId);
  if (!changed) throw new DomainError('no_such_video');
  return changed;
}
