import { open } from 'node:fs/promises';
import type { ContentId } from '../../domain/ids.ts';
import { PART_SIZE_BYTES } from '../../domain/source.ts';
import { contentIdOf, sha256Of } from '../../upload/content-id.ts';

export type HashedFile = { readonly contentId: ContentId; readonly sizeBytes: number };

/** The name that the server will give to these bytes, with one part in memory at a time. */
export async function hashFile(path: string): Promise<HashedFile> {
  await using file = await open(path, 'r');
  const digests: string[] = [];
  const buffer = Buffer.alloc(PART_SIZE_BYTES);
  let sizeBytes = 0;
  for (;;) {
    const part = buffer.subarray(0, await readFull(file, buffer, sizeBytes));
    if (part.byteLength === 0) break;
    digests.push(sha256Of(part));
    sizeBytes += part.byteLength;
  }
  return { contentId: contentIdOf(digests), sizeBytes };
}

type Readable = { read(to: Uint8Array, at: number, length: number, position: number): Promise<{ bytesRead: number }> };

/** Reads until the buffer is full or the file ends: a single read may bring less. */
export async function readFull(file: Readable, buffer: Uint8Array, position: number): Promise<number> {
  let filled = 0;
  while (filled < buffer.byteLength) {
    const { bytesRead } = await file.read(buffer, filled, buffer.byteLength - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled;
}
