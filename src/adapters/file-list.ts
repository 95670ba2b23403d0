import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ObjectKey } from '../domain/object-keys.ts';
import type { ListedObject } from '../domain/ports.ts';
import { isMissing } from './file-durable.ts';
import { folderPath, type NamedEntry, namedEntry } from './file-names.ts';
import { compareKeys } from './object-rules.ts';

type Wanted = { readonly prefix: string; readonly after: string };

/**
 * The objects that a prefix names, in the order of their keys' bytes. Holds the names of one folder on each
 * level in memory, and never looks into folders that lie wholly before `after`.
 */
export async function* walkObjects(root: string, wanted: Wanted): AsyncGenerator<ListedObject> {
  const parent = wanted.prefix.slice(0, wanted.prefix.lastIndexOf('/') + 1);
  yield* walkFolder(folderPath(root, parent), parent, wanted);
}

async function* walkFolder(folder: string, parent: string, wanted: Wanted): AsyncGenerator<ListedObject> {
  for (const { entry, path } of await sortedEntries(folder)) {
    const name = `${parent}${entry.sortName}`;
    if (entry.kind === 'folder' && mayHold(name, wanted)) yield* walkFolder(path, name, wanted);
    if (entry.kind === 'object' && isWanted(name, wanted)) yield* objectAt(path, name as ObjectKey);
  }
}

const isWanted = (key: string, { prefix, after }: Wanted): boolean =>
  key.startsWith(prefix) && compareKeys(key, after) > 0;

const mayHold = (folder: string, { prefix, after }: Wanted): boolean =>
  (folder.startsWith(prefix) || prefix.startsWith(folder)) &&
  (after.startsWith(folder) || compareKeys(folder, after) > 0);

async function sortedEntries(folder: string): Promise<{ entry: NamedEntry; path: string }[]> {
  const entries = (await readFolder(folder)).flatMap((dirent) => {
    const entry = namedEntry(dirent.name, dirent.isDirectory());
    return entry ? [{ entry, path: join(folder, dirent.name), order: Buffer.from(entry.sortName) }] : [];
  });
  return entries.sort((a, b) => Buffer.compare(a.order, b.order));
}

/** A folder may be deleted between being seen and being read. */
async function readFolder(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

async function* objectAt(path: string, key: ObjectKey): AsyncGenerator<ListedObject> {
  try {
    const { size, mtimeMs } = await stat(path);
    yield { key, sizeBytes: size, modifiedAtMs: mtimeMs };
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}
