import type { ObjectKey } from './object-keys.ts';
import type { ByteRange } from './source.ts';
import type { LentTask, TaskFailure, TaskResult } from './tasks.ts';

export type StoredObjectInfo = {
  readonly sizeBytes: number;
  /** Strong validator, without quotes. */
  readonly etag: string;
  readonly contentType: string;
};
export type StoredObject = StoredObjectInfo & { readonly bytes: Uint8Array };
export type PutOptions = { readonly contentType: string; readonly signal?: AbortSignal };
export type ReadOptions = { readonly range?: ByteRange; readonly signal?: AbortSignal };
export type ListPage = { readonly objects: readonly { key: ObjectKey; sizeBytes: number }[]; readonly next?: string };

/**
 * Where all bytes live. Objects are small (a source part is the largest), so they travel whole, which also
 * makes every call safe to retry. A call fails with DomainError store_unavailable when the store cannot
 * answer; a missing object is an answer, `undefined`. A write is answered only when it is durable.
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

export type WorkerInfo = { readonly worker: string; readonly cores: number };

/** A worker's view of the orchestrator. Every call but claim throws DomainError lease_lost to a former holder. */
export interface TaskLender {
  /** Waits for a task for a bounded time; undefined when there was none. */
  claim(worker: WorkerInfo, signal: AbortSignal): Promise<LentTask | undefined>;
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
