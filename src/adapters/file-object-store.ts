import { randomUUID } from 'node:crypto';
import { access } from 'node:fs/promises';
import { resolve } from 'node:path';
import { DomainError } from '../domain/errors.ts';
import type { ObjectKey } from '../domain/object-keys.ts';
import type {
  ListedObject,
  ListPage,
  ObjectStore,
  PutOptions,
  ReadOptions,
  StoredObject,
  StoredObjectInfo,
} from '../domain/ports.ts';
import { deleteFolder, deleteObject } from './file-delete.ts';
import { isMissing, makeFolder, sweepLeftovers } from './file-durable.ts';
import { fileOutage } from './file-errors.ts';
import { walkObjects } from './file-list.ts';
import { temporaryFolder } from './file-names.ts';
import { headObject, readObject } from './file-read.ts';
import { addObject, replaceObject } from './file-write.ts';
import * as rules from './object-rules.ts';
import { CHECK_DEADLINE_MS, checkStore, within } from './store-check.ts';

/** Objects as files below one folder of a local disk. Makes the folder where it is absent, and sweeps it. */
export async function openFileObjectStore(folder: string): Promise<ObjectStore> {
  const root = resolve(folder);
  try {
    await makeFolder(temporaryFolder(root));
    await sweepLeftovers(root, Date.now());
  } catch (error) {
    // What mkdir says of a parent on a read-only disk, too.
    const cannot = new DomainError('store_unavailable', `the folder ${root} cannot be made`, { cause: error });
    throw isMissing(error) ? cannot : fileOutage(error, root);
  }
  return new FileObjectStore(root);
}

class FileObjectStore implements ObjectStore {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  async put(key: ObjectKey, bytes: Uint8Array, options: PutOptions): Promise<{ etag: string }> {
    assertWrite(key, bytes, options);
    return answer(() => replaceObject({ root: this.#root, key, bytes, ...options }));
  }

  async putIfAbsent(key: ObjectKey, bytes: Uint8Array, options: PutOptions): Promise<'stored' | 'exists'> {
    assertWrite(key, bytes, options);
    return answer(() => addObject({ root: this.#root, key, bytes, ...options }));
  }

  async read(key: ObjectKey, options: ReadOptions = {}): Promise<StoredObject | undefined> {
    rules.assertObjectKey(key);
    rules.assertRange(options.range);
    rules.assertAwaited(options.signal);
    return answer(async () => (await readObject({ root: this.#root, key, ...options })) ?? this.#assertRootStands());
  }

  async head(key: ObjectKey, { signal }: { signal?: AbortSignal } = {}): Promise<StoredObjectInfo | undefined> {
    rules.assertObjectKey(key);
    rules.assertAwaited(signal);
    return answer(async () => (await headObject({ root: this.#root, key })) ?? this.#assertRootStands());
  }

  async list(
    prefix: string,
    { after = '', limit, signal }: { after?: string; limit?: number; signal?: AbortSignal } = {},
  ): Promise<ListPage> {
    rules.assertPrefix(prefix);
    const most = rules.listLimit(limit);
    return answer(async () => {
      const objects: ListedObject[] = [];
      for await (const object of walkObjects(this.#root, { prefix, after })) {
        rules.assertAwaited(signal);
        const last = objects.at(-1);
        if (last && objects.length === most) return { objects, next: last.key };
        objects.push(object);
      }
      if (objects.length === 0) await this.#assertRootStands();
      return { objects };
    });
  }

  async delete(key: ObjectKey): Promise<void> {
    rules.assertObjectKey(key);
    return answer(async () => {
      await deleteObject(this.#root, key);
      await this.#assertRootStands();
    });
  }

  async deletePrefix(prefix: string): Promise<number> {
    rules.assertFolderPrefix(prefix);
    return answer(async () => {
      const removed = await deleteFolder(this.#root, prefix);
      await this.#assertRootStands();
      return removed;
    });
  }

  async check(signal?: AbortSignal): Promise<void> {
    const place = this.#root;
    const deadline = AbortSignal.timeout(CHECK_DEADLINE_MS);
    const bounds = { place, signal: signal ? AbortSignal.any([signal, deadline]) : deadline };
    try {
      await within(checkStore(this, { id: randomUUID(), ...bounds }), bounds);
    } catch (error) {
      const placed = error instanceof DomainError ? fileOutage(error.cause, place) : error;
      throw placed instanceof DomainError ? placed : error;
    }
  }

  /** Before "no such object" is answered: a disk that is no longer mounted looks empty too. */
  async #assertRootStands(): Promise<undefined> {
    await access(temporaryFolder(this.#root));
  }
}

function assertWrite(key: ObjectKey, bytes: Uint8Array, { signal }: PutOptions): void {
  rules.assertObjectKey(key);
  rules.assertObjectSize(key, bytes.byteLength);
  rules.assertAwaited(signal);
}

async function answer<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw fileOutage(error);
  }
}
