import { DomainError } from '../../src/domain/errors.ts';
import type { ObjectKey } from '../../src/domain/object-keys.ts';
import type { ReadOptions } from '../../src/domain/ports.ts';
import { MemoryObjectStore } from './memory-object-store.ts';

/** A memory store that can be taken away, held up, and asked what was read of it. */
export class FragileStore extends MemoryObjectStore {
  isDown = false;
  /** While set, reads and heads wait for it. */
  held: Promise<void> | undefined;
  readonly reads: ObjectKey[] = [];
  readonly heads: ObjectKey[] = [];

  override async read(key: ObjectKey, options?: ReadOptions) {
    this.reads.push(key);
    await this.#answering();
    return super.read(key, options);
  }

  override async head(key: ObjectKey) {
    this.heads.push(key);
    await this.#answering();
    return super.head(key);
  }

  async #answering(): Promise<void> {
    await this.held;
    if (this.isDown) throw new DomainError('store_unavailable');
  }
}
