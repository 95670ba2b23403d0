import { type FileHandle, open } from 'node:fs/promises';
import { DomainError } from '../domain/errors.ts';
import type { ObjectKey } from '../domain/object-keys.ts';
import type { ReadOptions, StoredObject, StoredObjectInfo } from '../domain/ports.ts';
import type { ByteRange } from '../domain/source.ts';
import { readContentType } from './file-content-type.ts';
import { etagOf, isMissing, versionOf } from './file-durable.ts';
import { objectPath } from './file-names.ts';
import { assertObjectSize } from './object-rules.ts';

type Read = { readonly root: string; readonly key: ObjectKey };

/** An open file stays the version that it was, whatever replaces it meanwhile. */
export async function readObject({ root, key, range }: Read & ReadOptions): Promise<StoredObject | undefined> {
  const path = objectPath(root, key);
  await using file = await openWhereFound(path);
  if (!file) return undefined;
  const info = await infoOf(file, path);
  const { first, last } = withinObject(range, info.sizeBytes);
  assertObjectSize(key, last + 1 - first);
  return { ...info, bytes: await readBytes(file, first, last + 1 - first) };
}

export async function headObject({ root, key }: Read): Promise<StoredObjectInfo | undefined> {
  const path = objectPath(root, key);
  await using file = await openWhereFound(path);
  return file && (await infoOf(file, path));
}

async function openWhereFound(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function infoOf(file: FileHandle, path: string): Promise<StoredObjectInfo> {
  const stats = await file.stat({ bigint: true });
  const contentType = await readContentType(path, versionOf(stats));
  return { sizeBytes: Number(stats.size), etag: etagOf(stats), contentType };
}

/** An end beyond the object means its end, as in HTTP. */
function withinObject(range: ByteRange | undefined, sizeBytes: number): ByteRange {
  if (!range) return { first: 0, last: sizeBytes - 1 };
  if (range.first >= sizeBytes) throw new DomainError('range_not_satisfiable');
  return { first: range.first, last: Math.min(range.last, sizeBytes - 1) };
}

async function readBytes(file: FileHandle, position: number, length: number): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafeSlow(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(bytes, filled, length - filled, position + filled);
    if (bytesRead === 0) throw new DomainError('store_unavailable', 'an object was cut short while being read');
    filled += bytesRead;
  }
  return bytes;
}
