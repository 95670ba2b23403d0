import type { IncomingMessage } from 'node:http';
import { DomainError } from '../domain/errors.ts';
import type { VideoId } from '../domain/ids.ts';
import type { LogEvent } from '../domain/log-events.ts';
import { videoPrefix } from '../domain/object-keys.ts';
import type { ObjectStore, VideoRecords } from '../domain/ports.ts';
import type { UploadAnswer } from '../domain/video-resource.ts';
import type { Log } from '../lib/log.ts';
import { appendBytes, type ReceivedSource } from './append-bytes.ts';
import { completeUpload } from './complete-upload.ts';
import { parseFileName } from './file-name.ts';
import { openMultipart } from './multipart.ts';
import { parseReprDigest } from './repr-digest.ts';

export type PostUploadDeps = {
  readonly store: Pick<ObjectStore, 'putIfAbsent' | 'deletePrefix'>;
  readonly records: Pick<VideoRecords, 'startUpload' | 'finishUpload' | 'abandonUpload'>;
  readonly log: Log<LogEvent>;
  readonly newVideoId: () => VideoId;
  readonly maxBytes: number;
};

/** One file, as raw body or as the field `file` of a form, becomes a video. It is either whole or not there at all. */
export async function postUpload(
  request: IncomingMessage,
  filename: string | undefined,
  deps: PostUploadDeps,
): Promise<UploadAnswer> {
  const wantedSha256 = parseReprDigest(request.headers['repr-digest']);
  assertDeclaredSize(request, deps.maxBytes);
  const file = await openFile(request, filename);
  const videoId = deps.newVideoId();
  await deps.records.startUpload({ videoId, filename: file.filename, contentType: file.contentType });
  deps.log.info('upload_started', { videoId, filename: file.filename });
  try {
    const source = await appendBytes(videoId, file.bytes, deps);
    await file.assertWhole();
    assertDigest(source, wantedSha256);
    return await completeUpload(videoId, source, deps);
  } catch (error) {
    await forget(videoId, error, deps);
    // Giving up reading also cuts off the request, so that a reason of our own comes first.
    if (error instanceof DomainError || !file.isCutOff()) throw error;
    throw new DomainError('upload_incomplete', undefined, { cause: error });
  }
}

type OpenFile = {
  filename: string;
  contentType: string;
  bytes: AsyncIterable<Uint8Array>;
  /** @throws DomainError upload_incomplete */
  assertWhole: () => Promise<void>;
  isCutOff: () => boolean;
};

async function openFile(request: IncomingMessage, filename: string | undefined): Promise<OpenFile> {
  const contentType = request.headers['content-type'] ?? 'application/octet-stream';
  const isCutOff = (): boolean => request.errored !== null || (request.destroyed && !request.complete);
  const assertWhole = async (): Promise<void> => {
    if (!request.complete) throw new DomainError('upload_incomplete');
  };
  if (!contentType.startsWith('multipart/form-data'))
    return { filename: parseFileName(filename ?? 'untitled'), contentType, bytes: request, assertWhole, isCutOff };
  const part = await openMultipart(request);
  const name = parseFileName(filename ?? part.filename);
  return { ...part, filename: name, isCutOff };
}

function assertDeclaredSize(request: IncomingMessage, maxBytes: number): void {
  const declaredBytes = Number(request.headers['content-length'] ?? 0);
  if (declaredBytes > maxBytes)
    throw new DomainError(
      'upload_too_large',
      `The upload is larger than the ${maxBytes} bytes that this server accepts.`,
    );
}

function assertDigest(source: ReceivedSource, wantedSha256: string | undefined): void {
  if (wantedSha256 !== undefined && wantedSha256 !== source.sha256Base64) throw new DomainError('digest_mismatch');
}

/** Nobody was told of this video: its row and its parts go. */
async function forget(videoId: VideoId, err: unknown, { store, records, log }: PostUploadDeps): Promise<void> {
  log.warn('upload_failed', { videoId, err });
  await records.abandonUpload(videoId);
  await store.deletePrefix(videoPrefix({ videoId }));
}
