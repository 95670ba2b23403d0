import { randomUUID } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { mkdir, open, readdir, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { temporaryFolder } from './file-names.ts';

/** Longer than any write of this size takes: what is older in the temporary folder was left by a crash. */
const LEFTOVER_AGE_MS = 3_600_000;

/** A name below the temporary folder that says when it was made, which a moved folder's mtime would not. */
export const temporaryPath = (root: string, nowMs: number): string =>
  join(temporaryFolder(root), `${nowMs}-${randomUUID()}`);

/** Writes bytes that survive a power cut, under a name nobody looks for. Leaves nothing where it fails. */
export async function writeTemporary(path: string, bytes: Uint8Array): Promise<{ version: string; etag: string }> {
  try {
    await using file = await open(path, 'wx', 0o644);
    await file.writeFile(bytes);
    await stampNow(file);
    await file.sync();
    const stats = await file.stat({ bigint: true });
    return { version: versionOf(stats), etag: etagOf(stats) };
  } catch (cause) {
    await rm(path, { force: true });
    throw cause;
  }
}

/**
 * The kernel stamps files by a clock of some milliseconds; two quick replacements of one size could then look
 * alike. This clock has parts of microseconds.
 */
async function stampNow(file: { utimes(atime: number, mtime: number): Promise<void> }): Promise<void> {
  const nowSeconds = (performance.timeOrigin + performance.now()) / 1000;
  await file.utimes(nowSeconds, nowSeconds);
}

/** Tells one version of an object from another; kept by tools that copy files with their times. */
export const versionOf = (stats: BigIntStats): string => `${stats.mtimeNs.toString(36)}-${stats.size.toString(36)}`;

export const etagOf = (stats: BigIntStats): string => `${versionOf(stats)}-${stats.ino.toString(36)}`;

/** Makes a folder and its parents, each of them durable. */
export async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true });
  if (first === undefined) return;
  for (let made = folder; made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made));
}

/** A name, new or gone, is durable only after its folder was synced. */
export async function syncFolder(folder: string): Promise<void> {
  await using handle = await open(folder, 'r');
  await handle.sync();
}

/** Removes folders that hold nothing more, from this one up to the root. A writer makes them anew. */
export async function removeEmptyFolders(root: string, folder: string): Promise<void> {
  for (let empty = folder; empty.length > root.length; empty = dirname(empty)) {
    try {
      await rmdir(empty);
    } catch (error) {
      if (['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes(errnoOf(error) ?? '')) return;
      throw error;
    }
  }
}

export async function sweepLeftovers(root: string, nowMs: number): Promise<void> {
  for (const name of await readdir(temporaryFolder(root))) {
    const madeMs = Number.parseInt(name, 10);
    const isYoung = nowMs - madeMs < LEFTOVER_AGE_MS;
    if (!isYoung) await rm(join(temporaryFolder(root), name), { recursive: true, force: true });
  }
}

export const errnoOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;

export const isMissing = (error: unknown): boolean => errnoOf(error) === 'ENOENT';

/** Tells whether what an act needs was there; somebody else may have been faster. */
export async function whereFound(act: () => Promise<void>): Promise<boolean> {
  try {
    await act();
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}
