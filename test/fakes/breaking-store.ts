import { DomainError } from '../../src/domain/errors.ts';
import type { ObjectKey } from '../../src/domain/object-keys.ts';
import { MemoryObjectStore } from './memory-object-store.ts';

/** A memory store that fails after so many deletions, in the middle of a prefix too. */
export class BreakingStore extends MemoryObjectStore {
  deletionsLeft = Number.POSITIVE_INFINITY;

  override async delete(key: ObjectKey): Promise<void> {
    if (this.deletionsLeft-- <= 0) throw new DomainError('store_unavailable');
    await super.delete(key);
  }

  override async deletePrefix(prefix: string): Promise<number> {
    const keys = this.keys().filter((key) => key.startsWith(prefix));
    for (const key of keys) await this.delete(key as ObjectKey);
    return keys.length;
  }
}
