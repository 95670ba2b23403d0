import { createHash } from 'node:crypto';
import type { ObjectKey } from '../../src/domain/object-keys.ts';
import type { ListPage, ObjectStore, PutOptions, ReadOptions, StoredObject } from '../../src/domain/ports.ts';

const DEFAULT_PAGE = 1000;

/** A real object store that forgets everything with its process. */
export class MemoryObjectStore implements ObjectStore {
  readonly #objects = new Map<string, StoredObject>();
  readonly #modifiedAtMs = new Map<string, number>();

  async put(key: ObjectKey, bytes: Uint8Array, { contentType, signal }: PutOptions): Promise<{ etag: string }> {
    signal?.throwIfAborted();
    const etag = createHash('sha256').update(bytes).digest('hex').slice(0, 32);
    // Copied, so that a caller who reuses its buffer cannot change what was stored.
    this.#objects.set(key, { bytes: Uint8Array.from(bytes), contentType, etag, sizeBytes: bytes.byteLength });
    this.#modifiedAtMs.set(key, Date.now());
    return { etag };
  }

  async putIfAbsent(key: ObjectKey, bytes: Uint8Array, options: PutOptions): Promise<'stored' | 'exists'> {
    if (this.#objects.has(key)) return 'exists';
    await this.put(key, bytes, options);
    return 'stored';
  }

  async read(key: ObjectKey, { range, signal }: ReadOptions = {}): Promise<StoredObject | undefined> {
    signal?.throwIfAborted();
    const object = this.#objects.get(key);
    if (!object || !range) return object;
    return { ...object, bytes: object.bytes.subarray(range.first, range.last + 1) };
  }

  async head(key: ObjectKey): Promise<Omit<StoredObject, 'bytes'> | undefined> {
    const object = this.#objects.get(key);
    return object && { sizeBytes: object.sizeBytes, etag: object.etag, contentType: object.contentType };
  }

  async list(prefix: string, { after = '', limit = DEFAULT_PAGE } = {}): Promise<ListPage> {
    const keys = [...this.#objects.keys()].filter((key) => key.startsWith(prefix) && isAfter(key, after));
    keys.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    const page = keys.slice(0, limit);
    const objects = page.map((key) => ({
      key: key as ObjectKey,
      sizeBytes: this.#objects.get(key)?.sizeBytes ?? 0,
      modifiedAtMs: this.#modifiedAtMs.get(key) ?? 0,
    }));
    const last = page.at(-1);
    return last !== undefined && keys.length > limit ? { objects, next: last } : { objects };
  }

  async delete(key: ObjectKey): Promise<void> {
    this.#objects.delete(key);
  }

  async deletePrefix(prefix: string): Promise<number> {
    if (!prefix.endsWith('/')) throw new RangeError(`not a prefix: ${prefix}`);
    const keys = [...this.#objects.keys()].filter((key) => key.startsWith(prefix));
    for (const key of keys) this.#objects.delete(key);
    return keys.length;
  }

  async check(): Promise<void> {}

  /** For assertions. */
  keys(): string[] {
    return [...this.#objects.keys()].sort();
  }
}

const isAfter = (key: string, after: string): boolean => Buffer.compare(Buffer.from(key), Buffer.from(after)) > 0;
