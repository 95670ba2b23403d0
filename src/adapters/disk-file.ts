import { open, rename, rm } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import type { ObjectKey } from '../domain/object-keys.ts';
import type { StoredObject } from '../domain/ports.ts';

/**
 * One file of the disk cache: a head of fixed length that says what the file holds, then the object's bytes. Files are
 * not synced, since all of it can be had again; after a power cut a file may be of the right length and hold
 * anything, which is why its bytes have a checksum.
 */
const HEAD_BYTES = 512;
const FORMAT = 1;

export const fileBytes = (objectBytes: number): number => HEAD_BYTES + objectBytes;

/** Why a file is not served; it is then deleted. */
export type Damage = 'head' | 'key' | 'size' | 'checksum';

/** Undefined for an object that cannot be described in a head; it is then not kept. */
export function packHead(key: ObjectKey, { bytes, etag, contentType }: StoredObject): Buffer | undefined {
  const head = Buffer.alloc(HEAD_BYTES, ' ');
  const text = JSON.stringify({ format: FORMAT, key, etag, contentType, sizeBytes: bytes.length, crc32: crc32(bytes) });
  if (Buffer.byteLength(text) > HEAD_BYTES) return undefined;
  head.write(text);
  return head;
}

export function unpackFile(key: ObjectKey, file: Buffer): StoredObject | Damage {
  const head = parseHead(file.subarray(0, HEAD_BYTES));
  if (!head) return 'head';
  if (head.key !== key) return 'key';
  const bytes = file.subarray(HEAD_BYTES);
  if (head.sizeBytes !== bytes.length) return 'size';
  if (head.crc32 !== crc32(bytes)) return 'checksum';
  return { bytes, sizeBytes: bytes.length, etag: head.etag, contentType: head.contentType };
}

type Head = { key: string; etag: string; contentType: string; sizeBytes: number; crc32: number };

function parseHead(head: Buffer): Head | undefined {
  try {
    const said: Record<string, unknown> = JSON.parse(head.toString());
    const { format, key, etag, contentType, sizeBytes, crc32: sum } = said;
    if (format !== FORMAT || typeof key !== 'string' || typeof etag !== 'string') return undefined;
    if (typeof contentType !== 'string' || typeof sizeBytes !== 'number' || typeof sum !== 'number') return undefined;
    return { key, etag, contentType, sizeBytes, crc32: sum };
  } catch {
    // Not JSON, so not a head of ours.
    return undefined;
  }
}

/** Reads a file that should be this long into one buffer; a file of any other length is `size`. */
export async function readFileOf(path: string, lengthBytes: number): Promise<Buffer | 'size'> {
  await using file = await open(path, 'r');
  if ((await file.stat()).size !== lengthBytes) return 'size';
  const bytes = Buffer.allocUnsafeSlow(lengthBytes);
  let filled = 0;
  while (filled < lengthBytes) {
    const { bytesRead } = await file.read(bytes, filled, lengthBytes - filled, filled);
    if (bytesRead === 0) return 'size';
    filled += bytesRead;
  }
  return bytes;
}

/** Under its name there is never a file that was not written to its end by a process that lived. */
export async function writeFileOf(path: string, temporary: string, parts: readonly Uint8Array[]): Promise<void> {
  try {
    {
      await using file = await open(temporary, 'w', 0o600);
      for (const part of parts) await file.writeFile(part);
    }
    await rename(temporary, path);
  } catch (cause) {
    // The failure to write is the one to tell; what is left is removed at the next start.
    await rm(temporary, { force: true }).catch(() => {});
    throw cause;
  }
}
