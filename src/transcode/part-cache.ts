import { LRUCache } from 'lru-cache';
import { DomainError } from '../domain/errors.ts';
import { sourcePartKey } from '../domain/object-keys.ts';
import type { ObjectStore } from '../domain/ports.ts';
import { PART_SIZE_BYTES, partCount, type SourceRef } from '../domain/source.ts';

/** 48 MiB: what two tasks read now, what they read next, and the header at the other end of the file. */
const MAX_PARTS = 6;
const READ_DEADLINE_MS = 30_000;

/** Source parts as ffmpeg reads them, mostly forward: reading one starts reading the next. */
export class PartCache {
  readonly #store: Pick<ObjectStore, 'read'>;
  readonly #parts = new LRUCache<string, Promise<Uint8Array>>({ max: MAX_PARTS });

  constructor(store: Pick<ObjectStore, 'read'>) {
    this.#store = store;
  }

  /** Also of one that is on its way. */
  has({ videoId }: SourceRef, part: number): boolean {
    return this.#parts.has(sourcePartKey({ videoId, part }));
  }

  async get(source: SourceRef, part: number): Promise<Uint8Array> {
    const bytes = await this.#load(source, part);
    // A failed read ahead is no failure: whoever needs the part tries again and is told.
    if (part + 1 < partCount(source.sizeBytes)) this.#load(source, part + 1).catch(() => undefined);
    return bytes;
  }

  #load(source: SourceRef, part: number): Promise<Uint8Array> {
    const key = sourcePartKey({ videoId: source.videoId, part });
    const known = this.#parts.get(key);
    if (known) return known;
    const loading = this.#read(source, part);
    this.#parts.set(key, loading);
    loading.catch(() => {
      if (this.#parts.peek(key) === loading) this.#parts.delete(key);
    });
    return loading;
  }

  async #read(source: SourceRef, part: number): Promise<Uint8Array> {
    const key = sourcePartKey({ videoId: source.videoId, part });
    const object = await this.#store.read(key, { signal: AbortSignal.timeout(READ_DEADLINE_MS) });
    const expected = Math.min(PART_SIZE_BYTES, source.sizeBytes - part * PART_SIZE_BYTES);
    if (object?.bytes.byteLength !== expected) {
      const found = object ? `${object.bytes.byteLength} bytes` : 'missing';
      throw new DomainError('source_damaged', `Source part ${key} is ${found}, not ${expected} bytes.`);
    }
    return object.bytes;
  }
}
