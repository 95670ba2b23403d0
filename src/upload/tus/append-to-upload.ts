import { DomainError, type ErrorCode } from '../../domain/errors.ts';
import type { VideoId } from '../../domain/ids.ts';
import type { LogEvent } from '../../domain/log-events.ts';
import { uploadPrefix, videoPrefix } from '../../domain/object-keys.ts';
import type { VideoRecords } from '../../domain/ports.ts';
import type { Upload, UploadRecords } from '../../domain/upload-records.ts';
import type { Log } from '../../lib/log.ts';
import { completeUpload } from '../complete-upload.ts';
import { contentIdOf } from '../content-id.ts';
import type { HeldUpload } from '../upload-locks.ts';
import type { Checksum } from './checksum.ts';
import { statedContent } from './create-upload.ts';
import { UploadWriter, type WriterDeps } from './upload-writer.ts';

export type AppendDeps = WriterDeps & {
  readonly uploads: Pick<UploadRecords, 'find'>;
  readonly records: Pick<VideoRecords, 'finishUpload'>;
  readonly log: Log<LogEvent>;
  readonly maxBytes: number;
};

export type Incoming = {
  readonly bytes: AsyncIterable<Uint8Array>;
  /** Of these bytes; undefined where the client stated none. */
  readonly checksum: Checksum | undefined;
  /** Where this request is the first to tell the size of the whole. */
  readonly declaredBytes: number | undefined;
};

/** Where the upload stands after a request; a finished one names the video that it has become. */
export type Appended = { readonly offset: number; readonly videoId: VideoId; readonly expiresAtMs: number };

/**
 * Adds the bytes of one request to an upload. What it answers is stored; what it cannot answer because the client
 * left is stored all the same, as far as it came.
 * @throws DomainError upload_incomplete, upload_lock_lost, upload_too_long, upload_too_large, checksum_mismatch,
 *   digest_mismatch, empty_upload
 */
export async function appendToUpload(
  upload: Upload,
  incoming: Incoming,
  held: HeldUpload,
  deps: AppendDeps,
): Promise<Appended> {
  const sizeBytes = upload.sizeBytes ?? incoming.declaredBytes ?? null;
  if (sizeBytes === 0) throw new DomainError('empty_upload');
  const movesAsItGoes = incoming.checksum === undefined;
  const writer = await UploadWriter.open({ upload, held, sizeBytes, movesAsItGoes }, deps);
  if (writer.offset > 0)
    deps.log.info('upload_resumed', { videoId: upload.videoId, uploadId: upload.uploadId, offset: writer.offset });
  try {
    const cut = await receive(incoming, writer, sizeBytes, deps.maxBytes);
    await settleChecksum(incoming.checksum, cut, writer);
    if (writer.isWhole) return await finish(upload, writer, held, deps);
    await writer.keep();
    if (cut) throw cut;
    return { offset: writer.offset, videoId: upload.videoId, expiresAtMs: writer.expiresAtMs };
  } catch (error) {
    deps.log.warn('upload_broken_off', {
      videoId: upload.videoId,
      uploadId: upload.uploadId,
      offset: writer.offset,
      err: error,
    });
    if (isCode(error, 'upload_lock_lost')) await removeIfOrphaned(upload, deps);
    throw error;
  } finally {
    await writer.release();
  }
}

/** Ways for the bytes to end early that leave those which came as good as any. */
const CUTS: readonly ErrorCode[] = ['upload_incomplete', 'upload_lock_lost'];

const isCode = (error: unknown, ...codes: ErrorCode[]): error is DomainError =>
  error instanceof DomainError && codes.includes(error.code);

/** Takes what comes. Returns why it ended early, or undefined when all of the request came. */
async function receive(
  { bytes, checksum }: Incoming,
  writer: UploadWriter,
  sizeBytes: number | null,
  maxBytes: number,
): Promise<DomainError | undefined> {
  try {
    for await (const chunk of bytes) {
      const wouldBe = writer.receivedBytes + chunk.byteLength;
      if (sizeBytes !== null && wouldBe > sizeBytes) throw new DomainError('upload_too_long');
      if (wouldBe > maxBytes) throw new DomainError('upload_too_large');
      checksum?.update(chunk);
      await writer.add(chunk);
    }
    return undefined;
  } catch (error) {
    if (isCode(error, ...CUTS)) return error;
    throw error;
  }
}

/** Bytes that cannot be checked, or do not pass, leave everything as it was. */
async function settleChecksum(checksum: Checksum | undefined, cut: DomainError | undefined, writer: UploadWriter) {
  if (!checksum) return;
  try {
    if (cut) throw cut;
    checksum.assertMatches();
  } catch (error) {
    if (!isCode(error, 'upload_lock_lost')) await writer.removeStrays();
    throw error;
  }
}

async function finish(upload: Upload, writer: UploadWriter, held: HeldUpload, deps: AppendDeps): Promise<Appended> {
  const parts = await writer.lastPart();
  const stated = statedContent(upload.metadata);
  if (stated !== undefined && stated !== contentIdOf(parts.map((part) => part.sha256)))
    throw new DomainError('digest_mismatch');
  const sizeBytes = writer.receivedBytes;
  const { id } = await completeUpload(upload.videoId, { parts, sizeBytes }, deps, { upload: held.grant });
  await writer.removeTails();
  return { offset: sizeBytes, videoId: id as VideoId, expiresAtMs: upload.expiresAtMs };
}

/** Somebody removed the upload, or finished it as a duplicate, while this holder slept and went on storing. */
async function removeIfOrphaned(upload: Upload, { uploads, store }: AppendDeps): Promise<void> {
  const now = await uploads.find(upload.uploadId);
  if (now?.videoId === upload.videoId) return;
  await store.deletePrefix(videoPrefix(upload));
  if (!now) await store.deletePrefix(uploadPrefix(upload));
}
