import type { ContentId, UploadId, VideoId } from './ids.ts';
import { PART_SIZE_BYTES } from './source.ts';
import type { VideoState } from './states.ts';

/** What the client said of its file when it began, by the keys of tus (`filename`, `filetype`, …). */
export type UploadMetadata = Readonly<Record<string, string | null>>;

/** One resumable transfer of one source, as the database knows it: nothing else is ever told to a client. */
export type Upload = {
  readonly uploadId: UploadId;
  readonly videoId: VideoId;
  /** As declared; null until it is known. */
  readonly sizeBytes: number | null;
  readonly wholeParts: number;
  /** Bytes after the last whole part; they lie in the tail that was written under `tailToken`. */
  readonly tailBytes: number;
  readonly tailToken: number;
  readonly metadata: UploadMetadata;
  readonly expiresAtMs: number;
  readonly isExpired: boolean;
  readonly isFinished: boolean;
};

/** How many bytes are safely stored: where the client goes on. */
export const offsetOf = (upload: Pick<Upload, 'wholeParts' | 'tailBytes'>): number =>
  upload.wholeParts * PART_SIZE_BYTES + upload.tailBytes;

/** The right to write to an upload. The token grows with every grant, and every write that counts names it. */
export type UploadGrant = { readonly uploadId: UploadId; readonly token: number };

export type NewTransfer = {
  readonly uploadId: UploadId;
  readonly videoId: VideoId;
  readonly filename: string;
  readonly contentType: string;
  readonly sizeBytes: number | null;
  readonly metadata: UploadMetadata;
  /** What cannot be resumed is removed as soon as its holder falls silent. */
  readonly isResumable: boolean;
};

export type KnownVideo = { readonly videoId: VideoId; readonly sizeBytes: number; readonly state: VideoState };

export type StoredPartRow = { readonly part: number; readonly sizeBytes: number; readonly sha256: string };

/** Where an upload stands after a step: the parts that became durable with it, and what is left in the tail. */
export type UploadStep = {
  readonly grant: UploadGrant;
  readonly videoId: VideoId;
  /** Where it stood before. */
  readonly fromWholeParts: number;
  readonly newParts: readonly StoredPartRow[];
  readonly tailBytes: number;
  readonly tailToken: number;
  /** The declared size, where this step is the first to know it. */
  readonly sizeBytes: number | null;
};

/**
 * The durable memory of uploads under way. Locks are leases: a holder renews its own, and one that fell silent is
 * passed over. A method that takes a grant throws DomainError upload_lock_lost to a former holder, and every method
 * throws DomainError database_unavailable when the database cannot answer.
 */
export interface UploadRecords {
  /** A video in state uploading and its upload, locked by the caller. */
  open(transfer: NewTransfer): Promise<UploadGrant>;
  /** An upload whose bytes are a video already: finished from the start. */
  openFinished(transfer: Pick<NewTransfer, 'uploadId' | 'metadata'>, known: KnownVideo): Promise<void>;
  find(uploadId: UploadId): Promise<Upload | undefined>;
  /** At once: the lock, or whether somebody holds it or nothing is there. */
  tryLock(uploadId: UploadId): Promise<UploadGrant | 'held' | 'missing'>;
  /** The holder is told at its next renewal that somebody waits. */
  askHolder(uploadId: UploadId): Promise<void>;
  /** Extends the lease. */
  renew(grant: UploadGrant): Promise<'held' | 'wanted'>;
  /** Lets the next one in; a lock that was lost already is no error. */
  release(grant: UploadGrant): Promise<void>;
  /** Moves the offset; returns the new time of expiry. */
  advance(step: UploadStep): Promise<{ expiresAtMs: number }>;
  /** Digests of the whole parts, in order. */
  partsOf(videoId: VideoId): Promise<StoredPartRow[]>;
  /** From now on nobody can resume it, whatever becomes of the holder. */
  doom(grant: UploadGrant): Promise<void>;
  /** Removes the rows; a video that it has become stays. */
  remove(grant: UploadGrant): Promise<void>;
  /** Locks uploads that were left alone for too long. Two sweepers never get the same one. */
  claimExpired(limit: number): Promise<(UploadGrant & Pick<Upload, 'videoId' | 'isFinished'>)[]>;
  /** Which of these uploads are still known. */
  known(uploadIds: readonly UploadId[]): Promise<UploadId[]>;
  /** Ids that stand for an elder video and whose own objects may not be gone yet. */
  vanishedVideos(limit: number): Promise<VideoId[]>;
  /** The objects of a vanished video are gone. */
  forgetVanished(videoId: VideoId): Promise<void>;
  /** Deleted videos whose late objects are looked for now. Each is named less and less often, and for a day. */
  removedVideos(limit: number): Promise<VideoId[]>;
  /** Idempotency keys that have served their time. */
  forgetOldKeys(): Promise<void>;
  /** The video that has this content, unless it is still being uploaded; a failed one gets another try. */
  videoOfContent(contentId: ContentId): Promise<KnownVideo | undefined>;
}
