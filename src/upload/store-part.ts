import type { VideoId } from '../domain/ids.ts';
import { sourcePartKey } from '../domain/object-keys.ts';
import type { ObjectStore } from '../domain/ports.ts';
import type { StoredPartRow } from '../domain/upload-records.ts';
import { sha256Of } from './content-id.ts';

export const BYTES = { contentType: 'application/octet-stream' } as const;

export type PartStore = Pick<ObjectStore, 'putIfAbsent' | 'put' | 'read'>;

/**
 * Stores one part that no row knows of yet. An interruption may have left one there: the same bytes are as good as
 * stored, and others were never acknowledged, so they are replaced.
 * @param assertHeld throws unless the upload is still the caller's: only then may an object be replaced.
 */
export async function storePart(
  of: { readonly videoId: VideoId; readonly part: number },
  bytes: Uint8Array,
  store: PartStore,
  assertHeld: () => Promise<void>,
): Promise<StoredPartRow> {
  const row = { part: of.part, sizeBytes: bytes.byteLength, sha256: sha256Of(bytes) };
  const key = sourcePartKey(of);
  if ((await store.putIfAbsent(key, bytes, BYTES)) === 'stored') return row;
  const standing = await store.read(key);
  if (standing && sha256Of(standing.bytes) === row.sha256) return row;
  await assertHeld();
  await store.put(key, bytes, BYTES);
  return row;
}
