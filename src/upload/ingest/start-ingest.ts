import { DomainError } from '../../domain/errors.ts';
import type { UploadId, VideoId } from '../../domain/ids.ts';
import type { IngestRecords } from '../../domain/ingest-records.ts';
import type { LogEvent } from '../../domain/log-events.ts';
import type { VideoRecords } from '../../domain/ports.ts';
import type { VideoResource } from '../../domain/video-resource.ts';
import type { Bell } from '../../lib/bell.ts';
import type { IsAllowed } from '../../lib/guarded-lookup.ts';
import type { Log } from '../../lib/log.ts';
import { fileNameOf, parseSourceUrl } from './source-url.ts';

export type StartDeps = {
  readonly ingests: Pick<IngestRecords, 'open'>;
  readonly records: Pick<VideoRecords, 'find'>;
  readonly isAllowed: IsAllowed;
  /** From now until the source must be here. */
  readonly ingestDeadlineMs: number;
  readonly newVideoId: () => VideoId;
  readonly newUploadId: () => UploadId;
  /** Wakes whoever fetches. */
  readonly bell: Bell;
  readonly log: Log<LogEvent>;
};

/** Takes down what is to be fetched; what cannot be told of the URL by looking at it is found out by fetching. */
export async function startIngest(
  { url: text, title }: { readonly url: string; readonly title?: string | undefined },
  deps: StartDeps,
): Promise<VideoResource> {
  const url = parseSourceUrl(text, deps.isAllowed);
  const videoId = deps.newVideoId();
  const filename = fileNameOf(url);
  await deps.ingests.open({
    uploadId: deps.newUploadId(),
    videoId,
    url: url.href,
    filename,
    title,
    deadlineMs: deps.ingestDeadlineMs,
  });
  deps.log.info('upload_started', { videoId, filename });
  deps.bell.ring();
  const video = await deps.records.find(videoId);
  if (!video) throw new DomainError('no_such_video');
  return video;
}
