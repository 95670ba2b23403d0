import { join } from 'node:path';
import type { ObjectKey } from '../domain/object-keys.ts';
import { escapeSegment } from './object-rules.ts';

/**
 * Where an object stands below the root of the file store. The keys of Millrace look on disk as they are
 * written: `videos/…/g1/v1080/000001.m4s` is that file. Two rules keep any other key from colliding:
 * a folder's name never holds a dot (it is escaped), and an object without a dot gets a tilde at its end. So
 * `a` and `a/b` live side by side (`a~`, `a/b~`), and nothing that a key can say is `..` or `~tmp`.
 */
export const objectPath = (root: string, key: ObjectKey): string => {
  const segments = key.split('/');
  const name = escapeSegment(segments.at(-1) ?? '');
  return join(root, ...segments.slice(0, -1).map(folderName), name.includes('.') ? name : `${name}~`);
};

/** The folder that holds everything below a prefix which ends with a slash, or the root for ''. */
export const folderPath = (root: string, prefix: string): string =>
  join(root, ...prefix.split('/').slice(0, -1).map(folderName));

/** Unfinished writes and folders on their way out; on the same file system, for `rename` and `link`. */
export const temporaryFolder = (root: string): string => join(root, '~tmp');

/** Holds the content type of one version of an object where the name does not tell it. */
export const typePath = (path: string, version: string): string => `${path}~~${version}`;

/** What an entry of a folder is. `sortName` orders entries as their keys: a folder counts with its slash. */
export type NamedEntry = { readonly kind: 'object' | 'folder'; readonly segment: string; readonly sortName: string };

export function namedEntry(name: string, isFolder: boolean): NamedEntry | undefined {
  const segment = unescaped(name.endsWith('~') ? name.slice(0, -1) : name);
  if (segment === undefined) return undefined;
  return isFolder
    ? { kind: 'folder', segment, sortName: `${segment}/` }
    : { kind: 'object', segment, sortName: segment };
}

const folderName = (segment: string): string => escapeSegment(segment).replaceAll('.', '%2e');

/** Undefined for what this store did not name: types of objects, `~tmp`, a stranger's file. */
function unescaped(name: string): string | undefined {
  if (!/^(?:[a-z0-9._-]|%[0-9a-f]{2})+$/.test(name)) return undefined;
  try {
    return decodeURIComponent(name);
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}
