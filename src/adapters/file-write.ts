import { link, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ObjectKey } from '../domain/object-keys.ts';
import type { PutOptions } from '../domain/ports.ts';
import { removeContentType, writeContentType } from './file-content-type.ts';
import {
  errnoOf,
  isMissing,
  makeFolder,
  syncFolder,
  temporaryPath,
  versionOf,
  whereFound,
  writeTemporary,
} from './file-durable.ts';
import { objectPath } from './file-names.ts';
import { assertAwaited } from './object-rules.ts';

/** A delete may tidy a folder away just before it is written to; every such race needs another delete. */
const MAX_FOLDER_RACES = 16;

type Write = { readonly root: string; readonly key: ObjectKey; readonly bytes: Uint8Array } & PutOptions;

/** `rename` puts the new version in place of the old one at one instant. */
export async function replaceObject(write: Write): Promise<{ etag: string }> {
  const path = objectPath(write.root, write.key);
  const former = await versionAt(path);
  const { etag, version } = await place(write, rename);
  if (former !== undefined && former !== version) await removeContentType(path, former);
  return { etag };
}

/** `link` refuses where a name exists, so of many writers one wins. */
export async function addObject(write: Write): Promise<'stored' | 'exists'> {
  const path = objectPath(write.root, write.key);
  try {
    if ((await versionAt(path)) === undefined) {
      await place(write, link);
      return 'stored';
    }
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
  }
  // The winner may not have synced the name yet, and whoever hears "exists" relies on it.
  await whereFound(() => syncFolder(dirname(path)));
  return 'exists';
}

async function place(write: Write, move: (from: string, to: string) => Promise<void>) {
  const path = objectPath(write.root, write.key);
  const temporary = temporaryPath(write.root, Date.now());
  const written = await writeTemporary(temporary, write.bytes);
  try {
    assertAwaited(write.signal);
    await inFolder(dirname(path), async () => {
      await writeContentType(path, written.version, write.contentType);
      await move(temporary, path);
    });
    // Where the folder is gone again, somebody deleted the object meanwhile.
    await whereFound(() => syncFolder(dirname(path)));
    return written;
  } catch (cause) {
    await removeContentType(path, written.version);
    throw cause;
  } finally {
    await rm(temporary, { force: true });
  }
}

async function inFolder(folder: string, write: () => Promise<void>): Promise<void> {
  for (let race = 1; ; race++) {
    try {
      // Whoever deletes the folder while it is being made is met here, too.
      await makeFolder(folder);
      return await write();
    } catch (error) {
      if (!isMissing(error) || race === MAX_FOLDER_RACES) throw error;
    }
  }
}

export async function versionAt(path: string): Promise<string | undefined> {
  try {
    return versionOf(await stat(path, { bigint: true }));
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
