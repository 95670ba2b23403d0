import { DomainError } from '../domain/errors.ts';
import { uploadParkedKey } from '../domain/object-keys.ts';
import type { ObjectStore } from '../domain/ports.ts';
import type { UploadGrant } from '../domain/upload-records.ts';
import type { Parking } from './part-filler.ts';
import { BYTES } from './store-part.ts';

/** Beside the tail and never over it: a row may name the tail of the same grant. */
export function parkingOf(grant: UploadGrant, store: Pick<ObjectStore, 'put' | 'read'>): Parking {
  const key = uploadParkedKey(grant);
  return {
    save: async (bytes) => void (await store.put(key, bytes, BYTES)),
    async load() {
      const parked = await store.read(key);
      if (!parked) throw new DomainError('store_unavailable', `${key} is not in the object store.`);
      return parked.bytes;
    },
  };
}
