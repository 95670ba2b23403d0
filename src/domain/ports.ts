import type { ContentId, JobId, TaskId, UploadId, VideoId } from './ids.ts';
import type { ObjectKey } from './object-keys.ts';
import type { Visibility } from './playback-grant.ts';
import type { ByteRange } from './source.ts';
import type { VideoState } from './states.ts';
import type { LentTask, StoredRendition, TaskFailure, TaskResult } from './tasks.ts';
import type { UploadGrant } from './upload-records.ts';
import type { VideoList, VideoResource } from './video-resource.ts';

export type StoredObjectInfo = {
  readonly sizeBytes: number;
  /** Strong validator, without quotes. */
  readonly etag: string;
  readonly contentType: string;
};
export type StoredObject = StoredObjectInfo & { readonly bytes: Uint8Array };
export type PutOptions = { readonly contentType: string; readonly signal?: AbortSignal };
export type ReadOptions = { readonly range?: ByteRange; readonly signal?: AbortSignal };
export type ListedObject = {
  readonly key: ObjectKey;
  readonly sizeBytes: number;
  /** Of the last write, by the store's clock, in milliseconds since 1970. */
  readonly modifiedAtMs: number;
};
export type ListPage = { readonly objects: readonly ListedObject[]; readonly next?: string };

/**
 * Where all bytes live. Objects are small (a source part is the largest), so they travel whole, which also
 * makes every call safe to retry. A call fails with DomainError store_unavailable when the store cannot
 * answer, or not before the deadline that the caller's signal is; a missing object is an answer, `undefined`. A write is
 * answered only when it is durable.
 */
export interface ObjectStore {
  /** Replaces whatever stands at the key, whole. */
  put(key: ObjectKey, bytes: Uint8Array, options: PutOptions): Promise<{ etag: string }>;
  /** Writes only where nothing stands yet; of several writers at once, exactly one gets 'stored'. */
  putIfAbsent(key: ObjectKey, bytes: Uint8Array, options: PutOptions): Promise<'stored' | 'exists'>;
  /** `sizeBytes` is that of the whole object, also where a range was asked for. */
  read(key: ObjectKey, options?: ReadOptions): Promise<StoredObject | undefined>;
  head(key: ObjectKey, options?: { signal?: AbortSignal }): Promise<StoredObjectInfo | undefined>;
  /** In the order of their keys' bytes. `next` goes into the following call's `after`. */
  list(prefix: string, options?: { after?: string; limit?: number; signal?: AbortSignal }): Promise<ListPage>;
  /** Deleting what is not there is success. */
  delete(key: ObjectKey): Promise<void>;
  /** Returns how many objects were removed. The prefix must end with a slash. */
  deletePrefix(prefix: string): Promise<number>;
  /** A real round trip: writes, reads back and deletes a small object. Throws one clear line. */
  check(signal?: AbortSignal): Promise<void>;
}

/** What a worker says of itself. It is given only tasks that fit. */
export type WorkerInfo = {
  /** Its name: the same after a restart. */
  readonly worker: string;
  /** A UUID made at each start: tells a restarted worker from the one that died. */
  readonly session: string;
  readonly version: string;
  /** Which contract it speaks (worker-contract.ts). */
  readonly contract?: number;
  readonly cores: number;
  readonly memoryMib: number;
  /** Names of the encoders that its ffmpeg has, of those that we use, and of the features that it knows (worker-contract.ts). */
  readonly encoders: readonly string[];
};

/** What an orchestrator says over the connection that a worker holds. */
export type WorkerNews =
  /** Said every few seconds, so that a dead host is noticed. */
  | { readonly news: 'beat' }
  /** The grant is over: cancelled, or somebody else's by now. The worker ends what it runs for it. */
  | { readonly news: 'lease_ended'; readonly taskId: TaskId; readonly token: number };

/** A worker's view of the orchestrator. Settling calls throw DomainError lease_lost to a former holder. */
export interface TaskLender {
  /**
   * Holds one connection for as long as it stands, and tells what comes over it. Resolves when the other side ends
   * it, rejects when it breaks; the worker then connects again at once. When a worker's connection is gone for more
   * than a moment, its tasks go to others.
   */
  connect(worker: WorkerInfo, onNews: (news: WorkerNews) => void, signal: AbortSignal): Promise<void>;
  /** Waits for a task for a bounded time; undefined when there was none. */
  claim(worker: WorkerInfo, signal: AbortSignal): Promise<LentTask | undefined>;
  /** Tells what stands in the store since the last report, so that it can be played while the task goes on. */
  report(task: LentTask, stored: readonly StoredRendition[], signal: AbortSignal): Promise<void>;
  /** Extends the lease. */
  renew(task: LentTask, signal: AbortSignal): Promise<void>;
  complete(task: LentTask, result: TaskResult, signal: AbortSignal): Promise<void>;
  fail(task: LentTask, failure: TaskFailure, signal: AbortSignal): Promise<void>;
  /** Hands the task back undone, without using up an attempt. */
  giveBack(task: LentTask, signal: AbortSignal): Promise<void>;
}

export interface Clock {
  nowMs(): number;
}

export type NewUpload = {
  readonly videoId: VideoId;
  readonly filename: string;
  readonly contentType: string;
  /** Unset, the title is the file name without its ending. */
  readonly title?: string;
};
export type StoredPart = { readonly sizeBytes: number; readonly sha256: string };
export type FinishedUpload = {
  readonly videoId: VideoId;
  readonly contentId: ContentId;
  readonly parts: readonly StoredPart[];
  /** The resumable upload that brought it; it is closed in the same transaction. */
  readonly upload?: UploadGrant;
  /** The same key and the same content get the same answer. */
  readonly idempotencyKey?: string;
};
export type UploadOutcome = {
  readonly videoId: VideoId;
  readonly state: VideoState;
  readonly created: boolean;
  /** Where it became a video of its own: its first job, and the time since the upload began, breaks included. */
  readonly first?: { readonly jobId: JobId; readonly uploadMs: number };
};
export type VideoQuery = {
  readonly limit: number;
  readonly cursor?: string;
  /** Part of the title, in whatever case. */
  readonly titlePart?: string;
  readonly state?: VideoState;
};

export type JobRequest = {
  readonly reason: string;
  /** A new generation also where the latest job succeeded, or failed and could go on. */
  readonly force: boolean;
  /** Only these rungs, by their shorter sides in pixels; unset, the standard ladder. Always a new generation. */
  readonly ladder?: readonly number[];
};

/** The durable memory of videos, as the upload stage needs it. */
export interface VideoRecords {
  /** A video in state uploading. */
  startUpload(upload: NewUpload): Promise<void>;
  /**
   * Uploading becomes uploaded, with its first job queued. Where the same content is a video already, the new one
   * vanishes and the older one is the answer, with `created: false`. A key gets the answer that it got before.
   * @throws DomainError upload_lock_lost, idempotency_mismatch
   */
  finishUpload(upload: FinishedUpload): Promise<UploadOutcome>;
  /** Forgets an upload that broke off. */
  abandonUpload(videoId: VideoId): Promise<void>;
  find(videoId: VideoId): Promise<VideoResource | undefined>;
  /** The video that an upload turned out to be, where it was known already. */
  elderOf(videoId: VideoId): Promise<VideoId | undefined>;
  /** Newest first. @throws DomainError bad_cursor */
  list(query: VideoQuery): Promise<VideoList>;
  rename(videoId: VideoId, title: string): Promise<boolean>;
  /** What callers are shown; edges go by a mark in the store. */
  setVisibility(videoId: VideoId, visibility: Visibility): Promise<boolean>;
  /** @throws DomainError process_running, upload_not_finished, no_such_video */
  requestJob(videoId: VideoId, request: JobRequest): Promise<void>;
  /** Every upload that the video has or had: their tails are its objects, too. */
  uploadsOf(videoId: VideoId): Promise<UploadId[]>;
  /**
   * Removes all rows of the video; its open job is cancelled by that. What is left says that it is gone, so that a
   * sweeper removes what late writers bring.
   */
  remove(videoId: VideoId): Promise<boolean>;
}
