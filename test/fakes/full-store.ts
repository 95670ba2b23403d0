import { DomainError } from '../../src/domain/errors.ts';
import type { ObjectKey } from '../../src/domain/object-keys.ts';
import type { PutOptions } from '../../src/domain/ports.ts';
import { MemoryObjectStore } from './memory-object-store.ts';

/** A memory store whose disk can be full: then it takes no byte more, for the keys that match. */
export class FullStore extends MemoryObjectStore {
  full: RegExp | undefined;

  override async put(key: ObjectKey, bytes: Uint8Array, options: PutOptions) {
    this.#assertSpace(key);
    return super.put(key, bytes, options);
  }

  override async putIfAbsent(key: ObjectKey, bytes: Uint8Array, options: PutOptions) {
    this.#assertSpace(key);
    return super.putIfAbsent(key, bytes, options);
  }

  #assertSpace(key: ObjectKey): void {
    if (this.full?.test(key)) throw new DomainError('store_unavailable', 'no space is left for the object store');
  }
}
