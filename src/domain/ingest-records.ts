import type { UploadId, VideoId } from './ids.ts';
import type { UploadGrant } from './upload-records.ts';

/** The fetching of one source by its URL. Its bytes are an upload like any other; this says where they come from. */
export type Ingest = {
  readonly uploadId: UploadId;
  readonly videoId: VideoId;
  readonly url: string;
  /** `ETag` or `Last-Modified` of what is stored so far; null where the source gave none. */
  readonly validator: string | null;
  /** Tries in a row that brought too little. */
  readonly failures: number;
  /** Until it is given up; negative once it is. */
  readonly remainingMs: number;
};

export type NewIngest = {
  readonly uploadId: UploadId;
  readonly videoId: VideoId;
  readonly url: string;
  readonly filename: string;
  readonly title: string | undefined;
  readonly deadlineMs: number;
};

/**
 * The durable memory of ingests under way. Who works on one holds the lock of its upload, which is a lease: a process
 * that died is passed over. Methods that take a grant throw DomainError upload_lock_lost to a former holder.
 */
export interface IngestRecords {
  /** A video in state uploading, its upload, and where it comes from. Whoever claims first begins. */
  open(ingest: NewIngest): Promise<void>;
  /** Locks an ingest that is due and that nobody works on. Two processes never get the same one. */
  claim(): Promise<{ readonly ingest: Ingest; readonly grant: UploadGrant } | undefined>;
  /** Nothing of it counts as stored any more: the source is fetched from its first byte, as this version of it. */
  startAnew(grant: UploadGrant, validator: string | null): Promise<void>;
  postpone(grant: UploadGrant, after: { readonly failures: number; readonly waitMs: number }): Promise<void>;
  /** The video is failed, and its upload is gone. */
  fail(grant: UploadGrant, error: { readonly code: string; readonly message: string }): Promise<void>;
}
