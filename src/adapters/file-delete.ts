import { rename, rm, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ObjectKey } from '../domain/object-keys.ts';
import { removeContentType } from './file-content-type.ts';
import { removeEmptyFolders, syncFolder, temporaryPath, whereFound } from './file-durable.ts';
import { walkObjects } from './file-list.ts';
import { folderPath, objectPath } from './file-names.ts';
import { versionAt } from './file-write.ts';

export async function deleteObject(root: string, key: ObjectKey): Promise<void> {
  const path = objectPath(root, key);
  const version = await versionAt(path);
  if (version === undefined) return;
  await whereFound(() => unlink(path));
  await removeContentType(path, version);
  await settleFolder(root, dirname(path));
}

/** Everything of the folder disappears at one instant; the bytes are freed after. */
export async function deleteFolder(root: string, prefix: string): Promise<number> {
  const folder = folderPath(root, prefix);
  const leaving = temporaryPath(root, Date.now());
  if (!(await whereFound(() => rename(folder, leaving)))) return 0;
  await settleFolder(root, dirname(folder));
  const removed = await countObjects(leaving);
  await rm(leaving, { recursive: true, force: true });
  return removed;
}

async function countObjects(folder: string): Promise<number> {
  let count = 0;
  for await (const _ of walkObjects(folder, { prefix: '', after: '' })) count++;
  return count;
}

async function settleFolder(root: string, folder: string): Promise<void> {
  await whereFound(() => syncFolder(folder));
  await removeEmptyFolders(root, folder);
}
