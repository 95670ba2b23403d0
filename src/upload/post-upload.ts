import type { IncomingMessage } from 'node:http';
import { DomainError } from '../domain/errors.ts';
import type { UploadId, VideoId } from '../domain/ids.ts';
import type { LogEvent } from '../domain/log-events.ts';
import { uploadPrefix, videoPrefix } from '../domain/object-keys.ts';
import type { ObjectStore, VideoRecords } from '../domain/ports.ts';
import type { UploadGrant, UploadRecords } from '../domain/upload-records.ts';
import type { UploadAnswer } from '../domain/video-resource.ts';
import type { Gate } from '../lib/gate.ts';
import type { Log } from '../lib/log.ts';
import { appendBytes, type ReceivedSource } from './append-bytes.ts';
import { type CompleteDeps, completeUpload } from './complete-upload.ts';
import { contentIdOf } from './content-id.ts';
import { enterGate } from './enter-gate.ts';
import { parseFileName } from './file-name.ts';
import { openMultipart } from './multipart.ts';
import { parkingOf } from './parking-of.ts';
import type { PartPool } from './part-pool.ts';
import { readBody } from './read-body.ts';
import { parseStated, type Stated } from './stated.ts';
import type { UploadLocks } from './upload-locks.ts';

export type PostUploadDeps = CompleteDeps & {
  readonly records: Pick<VideoRecords, 'find'>;
  readonly store: Pick<ObjectStore, 'put' | 'putIfAbsent' | 'read' | 'deletePrefix'>;
  readonly partPool: PartPool;
  readonly uploads: Pick<UploadRecords, 'open' | 'find' | 'remove' | 'videoOfContent'>;
  readonly locks: Pick<UploadLocks, 'adopt'>;
  readonly transfers: Gate;
  readonly log: Log<LogEvent>;
  readonly newVideoId: () => VideoId;
  readonly newUploadId: () => UploadId;
  readonly maxBytes: number;
  readonly idleMs: number;
};

/** One file, as raw body or as the field `file` of a form, becomes a video. It is either whole or not there at all. */
export async function postUpload(
  request: IncomingMessage,
  filename: string | undefined,
  deps: PostUploadDeps,
): Promise<UploadAnswer> {
  const stated = parseStated(request.headers);
  assertDeclaredSize(request, deps.maxBytes);
  const known = await knownVideo(stated, deps);
  if (known) return known;
  const leave = await enterGate(deps.transfers);
  try {
    return await receiveFile(request, filename, stated, deps);
  } finally {
    leave();
  }
}

function assertDeclaredSize(request: IncomingMessage, maxBytes: number): void {
  const declaredBytes = Number(request.headers['content-length'] ?? 0);
  if (declaredBytes > maxBytes)
    throw new DomainError(
      'upload_too_large',
      `The upload is larger than the ${maxBytes} bytes that this server accepts.`,
    );
}

/** @throws DomainError unknown_content where the sender has asked for no more than this. */
async function knownVideo(
  { contentId, hasBody }: Stated,
  { uploads }: PostUploadDeps,
): Promise<UploadAnswer | undefined> {
  if (contentId === undefined) return undefined;
  const known = await uploads.videoOfContent(contentId);
  if (known) return { id: known.videoId, state: known.state, created: false, contentId };
  if (!hasBody) throw new DomainError('unknown_content');
  return undefined;
}

/** The upload is locked by this request from its first row to its last, so that a sweeper knows whether it lives. */
async function receiveFile(
  request: IncomingMessage,
  filename: string | undefined,
  stated: Stated,
  deps: PostUploadDeps,
): Promise<UploadAnswer> {
  const file = await openFile(request, filename);
  const videoId = deps.newVideoId();
  const grant = await deps.uploads.open({
    uploadId: deps.newUploadId(),
    videoId,
    filename: file.filename,
    contentType: file.contentType,
    sizeBytes: null,
    metadata: {},
    isResumable: false,
  });
  const held = deps.locks.adopt(grant);
  deps.log.info('upload_started', { videoId, filename: file.filename });
  try {
    const bytes = file.bytes({ idleMs: deps.idleMs, signal: held.signal });
    const source = await appendBytes(videoId, bytes, { ...deps, parking: parkingOf(grant, deps.store) });
    await file.assertWhole();
    assertDigests(source, stated);
    const { idempotencyKey } = stated;
    const answer = await completeUpload(videoId, source, deps, {
      upload: grant,
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    });
    await clearAway({ ...grant, videoId }, deps);
    return answer;
  } catch (error) {
    await forget({ ...grant, videoId }, error, deps);
    // Giving up reading also cuts off the request, so that a reason of our own comes first.
    if (error instanceof DomainError || !file.isCutOff()) throw error;
    throw new DomainError('upload_incomplete', undefined, { cause: error });
  } finally {
    await held.release();
  }
}

type OpenFile = {
  filename: string;
  contentType: string;
  bytes: (bounds: Parameters<typeof readBody>[1]) => AsyncIterable<Uint8Array>;
  /** @throws DomainError upload_incomplete */
  assertWhole: () => Promise<void>;
  isCutOff: () => boolean;
};

async function openFile(request: IncomingMessage, filename: string | undefined): Promise<OpenFile> {
  const contentType = request.headers['content-type'] ?? 'application/octet-stream';
  const isCutOff = (): boolean => request.errored !== null || (request.destroyed && !request.complete);
  if (!contentType.startsWith('multipart/form-data')) {
    const name = parseFileName(filename ?? 'untitled');
    const bytes: OpenFile['bytes'] = (bounds) => readBody(request, bounds);
    // Reading to the end is what proves it.
    return { filename: name, contentType, bytes, assertWhole: async () => {}, isCutOff };
  }
  const part = await openMultipart(request);
  return { ...part, filename: parseFileName(filename ?? part.filename), bytes: () => part.bytes, isCutOff };
}

function assertDigests({ sha256Base64, parts }: ReceivedSource, stated: Stated): void {
  const isWhole = stated.sha256Base64 === undefined || stated.sha256Base64 === sha256Base64;
  const isContent =
    stated.contentId === undefined || stated.contentId === contentIdOf(parts.map((part) => part.sha256));
  if (!isWhole || !isContent) throw new DomainError('digest_mismatch');
}

type OwnUpload = UploadGrant & { readonly videoId: VideoId };

/** The upload is a video now, and nobody asks for it by its own id. What cannot be removed now is the sweeper's. */
async function clearAway(upload: OwnUpload, { uploads, store, log }: PostUploadDeps): Promise<void> {
  try {
    await store.deletePrefix(uploadPrefix(upload));
    await uploads.remove(upload);
  } catch (err) {
    log.warn('upload_sweep_failed', { videoId: upload.videoId, err });
  }
}

/**
 * Nobody was told of this video: its parts go, and then its rows. Unless it was finished after all and only the
 * database's word of it got lost. What cannot be removed now is the sweeper's, as if the process had died.
 */
async function forget(upload: OwnUpload, err: unknown, deps: PostUploadDeps): Promise<void> {
  const { videoId } = upload;
  const { uploads, store, log } = deps;
  log.warn('upload_failed', { videoId, err });
  try {
    if (await wasFinished(upload, deps)) return;
    await store.deletePrefix(videoPrefix({ videoId }));
    await store.deletePrefix(uploadPrefix(upload));
    await uploads.remove(upload);
  } catch (error) {
    log.warn('upload_sweep_failed', { videoId, err: error });
  }
}

/** The row of a finished upload may have been swept already: then its video stands without it. */
async function wasFinished({ uploadId, videoId }: OwnUpload, { uploads, records }: PostUploadDeps): Promise<boolean> {
  const upload = await uploads.find(uploadId);
  return upload ? upload.isFinished : (await records.find(videoId)) !== undefined;
}
