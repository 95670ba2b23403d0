import { readFile, rm, writeFile } from 'node:fs/promises';
import { contentTypeOfName } from './content-types.ts';
import { isMissing } from './file-durable.ts';
import { typePath } from './file-names.ts';

/**
 * Most keys tell their type by their extension. Where a writer says another, a small file beside the object
 * keeps it, named after the object's version: an object and the type of another version never meet.
 */
export async function writeContentType(path: string, version: string, contentType: string): Promise<void> {
  if (contentType === contentTypeOfName(path)) return;
  await writeFile(typePath(path, version), contentType, { flush: true });
}

export async function readContentType(path: string, version: string): Promise<string> {
  try {
    return await readFile(typePath(path, version), 'utf8');
  } catch (error) {
    if (isMissing(error)) return contentTypeOfName(path);
    throw error;
  }
}

export const removeContentType = (path: string, version: string): Promise<void> =>
  rm(typePath(path, version), { force: true });
