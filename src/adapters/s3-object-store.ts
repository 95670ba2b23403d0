import { randomUUID } from 'node:crypto';
import { DeleteObjectCommand, HeadBucketCommand, HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { DomainError } from '../domain/errors.ts';
import type { ObjectKey } from '../domain/object-keys.ts';
import type {
  ListPage,
  ObjectStore,
  PutOptions,
  ReadOptions,
  StoredObject,
  StoredObjectInfo,
} from '../domain/ports.ts';
import * as rules from './object-rules.ts';
import { CALL_DEADLINE_MS, createS3Client, type S3Settings } from './s3-client.ts';
import { deleteBatch } from './s3-delete.ts';
import { factsOf, s3Outage } from './s3-errors.ts';
import { listFromS3 } from './s3-list.ts';
import { infoOfS3, readFromS3 } from './s3-read.ts';
import { putOnceToS3, putToS3 } from './s3-write.ts';
import { CHECK_DEADLINE_MS, checkStore, within } from './store-check.ts';

type Signalled = { readonly signal?: AbortSignal };

/** Objects in one bucket of any server that speaks S3. Connects with the first call. */
export const createS3ObjectStore = (settings: S3Settings): ObjectStore => new S3ObjectStore(settings);

class S3ObjectStore implements ObjectStore {
  readonly #client: S3Client;
  readonly #settings: S3Settings;
  readonly #bucket: string;

  constructor(settings: S3Settings) {
    this.#client = createS3Client(settings);
    this.#settings = settings;
    this.#bucket = settings.bucket;
  }

  async put(key: ObjectKey, bytes: Uint8Array, options: PutOptions): Promise<{ etag: string }> {
    rules.assertObjectKey(key);
    rules.assertObjectSize(key, bytes.byteLength);
    const put = { bucket: this.#bucket, key, bytes, contentType: options.contentType };
    return this.#call((signal) => putToS3(this.#client, { ...put, signal }), options);
  }

  /** After a connection that broke off, 'exists' may mean our own earlier try: then it holds these bytes. */
  async putIfAbsent(key: ObjectKey, bytes: Uint8Array, options: PutOptions): Promise<'stored' | 'exists'> {
    rules.assertObjectKey(key);
    rules.assertObjectSize(key, bytes.byteLength);
    const put = { bucket: this.#bucket, key, bytes, contentType: options.contentType };
    return this.#call((signal) => putOnceToS3(this.#client, { ...put, signal }), options);
  }

  async read(key: ObjectKey, options: ReadOptions = {}): Promise<StoredObject | undefined> {
    rules.assertObjectKey(key);
    rules.assertRange(options.range);
    const get = { bucket: this.#bucket, key, ...(options.range ? { range: options.range } : {}) };
    return this.#call((signal) => readFromS3(this.#client, { ...get, signal }), options);
  }

  async head(key: ObjectKey, options: Signalled = {}): Promise<StoredObjectInfo | undefined> {
    rules.assertObjectKey(key);
    return this.#call(async (abortSignal) => {
      try {
        const command = new HeadObjectCommand({ Bucket: this.#bucket, Key: key });
        return infoOfS3(await this.#client.send(command, { abortSignal }));
      } catch (error) {
        if (factsOf(error).status !== 404) throw error;
      }
      return this.#assertBucketStands(abortSignal);
    }, options);
  }

  /** The answer to HEAD has no body: it does not tell a missing object from a missing bucket. */
  async #assertBucketStands(abortSignal: AbortSignal): Promise<undefined> {
    try {
      await this.#client.send(new HeadBucketCommand({ Bucket: this.#bucket }), { abortSignal });
    } catch (cause) {
      if (factsOf(cause).status !== 404) throw cause;
      throw Object.assign(new Error('no such bucket', { cause }), { name: 'NoSuchBucket' });
    }
  }

  async list(prefix: string, options: Signalled & { after?: string; limit?: number } = {}): Promise<ListPage> {
    rules.assertPrefix(prefix);
    const list = { bucket: this.#bucket, prefix, after: options.after ?? '', limit: rules.listLimit(options.limit) };
    return this.#call((signal) => listFromS3(this.#client, { ...list, signal }), options);
  }

  async delete(key: ObjectKey): Promise<void> {
    rules.assertObjectKey(key);
    await this.#call((abortSignal) =>
      this.#client.send(new DeleteObjectCommand({ Bucket: this.#bucket, Key: key }), { abortSignal }),
    );
  }

  async deletePrefix(prefix: string): Promise<number> {
    rules.assertFolderPrefix(prefix);
    let removed = 0;
    for (let after: string | undefined = ''; after !== undefined; ) {
      const page: ListPage = await this.list(prefix, { after });
      const keys = page.objects.map(({ key }) => key);
      if (keys.length > 0) {
        await this.#call((signal) => deleteBatch(this.#client, { bucket: this.#bucket, keys, signal }));
      }
      removed += keys.length;
      after = page.next;
    }
    return removed;
  }

  async check(signal?: AbortSignal): Promise<void> {
    const { region, endpoint } = this.#settings;
    const at = { place: endpoint ?? `Amazon S3 in ${region}`, bucket: this.#bucket, region };
    const deadline = AbortSignal.timeout(CHECK_DEADLINE_MS);
    const bounds = { place: at.place, signal: signal ? AbortSignal.any([signal, deadline]) : deadline };
    try {
      await within(checkStore(this, { id: randomUUID(), ...bounds }), bounds);
    } catch (error) {
      const placed = error instanceof DomainError ? s3Outage(error.cause, at) : error;
      throw placed instanceof DomainError ? placed : error;
    }
  }

  async #call<T>(send: (signal: AbortSignal) => Promise<T>, { signal }: Signalled = {}): Promise<T> {
    rules.assertAwaited(signal);
    const deadline = AbortSignal.timeout(CALL_DEADLINE_MS);
    try {
      return await send(signal ? AbortSignal.any([signal, deadline]) : deadline);
    } catch (error) {
      rules.assertAwaited(signal);
      throw s3Outage(error, { place: 'the object store', bucket: this.#bucket, region: this.#settings.region });
    }
  }
}
