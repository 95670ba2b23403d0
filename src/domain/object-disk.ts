import type { ObjectKey } from './object-keys.ts';
import type { StoredObject } from './ports.ts';

/**
 * A node's own copies of objects, on a disk beneath its memory. It never fails its caller: what it cannot give, for
 * whatever reason, is not there.
 */
export interface ObjectDisk {
  /** A copy that was whole when it was written and still is. */
  read(key: ObjectKey): Promise<StoredObject | undefined>;
  /** Takes a copy in the background; leaves it out when more waits to be written than is good. */
  keep(key: ObjectKey, object: StoredObject): void;
  /** The same, where another copy may stand already. */
  replace(key: ObjectKey, object: StoredObject): void;
  delete(key: ObjectKey): void;
  deletePrefix(prefix: string): void;
  readonly sizeBytes: number;
  readonly count: number;
}
