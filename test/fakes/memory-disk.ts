import type { ObjectDisk } from '../../src/domain/object-disk.ts';
import type { ObjectKey } from '../../src/domain/object-keys.ts';
import type { StoredObject } from '../../src/domain/ports.ts';

/** A disk cache without a bound, that forgets everything with its process. */
export class MemoryDisk implements ObjectDisk {
  readonly objects = new Map<ObjectKey, StoredObject>();

  async read(key: ObjectKey): Promise<StoredObject | undefined> {
    return this.objects.get(key);
  }

  keep(key: ObjectKey, object: StoredObject): void {
    this.objects.set(key, object);
  }

  replace(key: ObjectKey, object: StoredObject): void {
    this.objects.set(key, object);
  }

  delete(key: ObjectKey): void {
    this.objects.delete(key);
  }

  deletePrefix(prefix: string): void {
    for (const key of this.objects.keys()) if (key.startsWith(prefix)) this.objects.delete(key);
  }

  get sizeBytes(): number {
    return [...this.objects.values()].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  }

  get count(): number {
    return this.objects.size;
  }
}
