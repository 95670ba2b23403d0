import { DomainError } from '../../domain/errors.ts';
import { type ContentId, isContentId, type UploadId, type VideoId } from '../../domain/ids.ts';
import type { LogEvent } from '../../domain/log-events.ts';
import type { UploadGrant, UploadMetadata, UploadRecords } from '../../domain/upload-records.ts';
import type { Log } from '../../lib/log.ts';
import { parseFileName } from '../file-name.ts';

export type CreateDeps = {
  readonly uploads: Pick<UploadRecords, 'open' | 'openFinished' | 'videoOfContent'>;
  readonly log: Log<LogEvent>;
  readonly newVideoId: () => VideoId;
};

export type Creation = {
  readonly uploadId: UploadId;
  /** Undefined where the client will tell later. */
  readonly sizeBytes: number | undefined;
  readonly metadata: UploadMetadata;
};

/** What came of it: an upload that waits for bytes, or one that needs none. */
export type Created =
  | { readonly videoId: VideoId; readonly grant: UploadGrant }
  | { readonly videoId: VideoId; readonly grant: undefined };

/**
 * Begins an upload. A client that states the digest of what it holds (metadata `contentId`) need not send it where it
 * is a video already: its upload is finished from the start.
 * @throws DomainError empty_upload, bad_file_name, bad_request
 */
export async function createUpload({ uploadId, sizeBytes, metadata }: Creation, deps: CreateDeps): Promise<Created> {
  if (sizeBytes === 0) throw new DomainError('empty_upload');
  const filename = parseFileName(metadata.filename ?? metadata.name ?? 'untitled');
  if (Object.values(metadata).some((text) => text?.includes('\0')))
    throw new DomainError('bad_request', 'Upload-Metadata must hold no NUL character.');
  const stated = statedContent(metadata);
  const known = stated && (await deps.uploads.videoOfContent(stated));
  if (known && known.sizeBytes === (sizeBytes ?? known.sizeBytes)) {
    await deps.uploads.openFinished({ uploadId, metadata }, known);
    deps.log.info('upload_duplicate', { uploadId, of: known.videoId, sizeBytes: known.sizeBytes, contentId: stated });
    return { videoId: known.videoId, grant: undefined };
  }
  const videoId = deps.newVideoId();
  const contentType = metadata.filetype ?? metadata.type ?? 'application/octet-stream';
  const grant = await deps.uploads.open({
    uploadId,
    videoId,
    filename,
    contentType: contentType === '' ? 'application/octet-stream' : contentType,
    sizeBytes: sizeBytes ?? null,
    metadata,
    isResumable: true,
  });
  deps.log.info('upload_started', { videoId, uploadId, filename });
  return { videoId, grant };
}

/** @throws DomainError bad_request */
export function statedContent({ contentId }: UploadMetadata): ContentId | undefined {
  if (contentId === undefined || contentId === null) return undefined;
  if (!isContentId(contentId)) throw new DomainError('bad_request', 'contentId must be 64 lower-case hex digits.');
  return contentId;
}
