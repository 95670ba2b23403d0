import { createHash } from 'node:crypto';
import type { ContentId } from '../domain/ids.ts';

/** Hex digests, as they are stored with the parts. */
export const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** SHA-256 over the concatenated digests of the parts: known as soon as the last part is, and by any client before. */
export function contentIdOf(partSha256: readonly string[]): ContentId {
  const hash = createHash('sha256');
  for (const hex of partSha256) hash.update(hex, 'hex');
  return hash.digest('hex') as ContentId;
}
