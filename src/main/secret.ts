import { randomBytes } from 'node:crypto';
import { open, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { syncFolder } from '../adapters/file-durable.ts';
import type { Config } from './config.ts';

/**
 * The secret of an instance: given by a setting, or made once and kept with the data, so that it outlives restarts.
 * Only who has claimed the data folder may ask.
 */
export async function keepSecret(config: Config, data: string): Promise<string> {
  if (config.MILLRACE_SECRET !== undefined) return config.MILLRACE_SECRET;
  const file = join(data, 'secret');
  const kept = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  // An empty file is what a disk that was full at the first start, or a power loss, could leave of it.
  return kept.trim() || makeSecret(file);
}

/** Whole on the disk before it has its name: a secret that a power loss cut off would end every session. */
async function makeSecret(file: string): Promise<string> {
  const secret = randomBytes(32).toString('hex');
  const draft = `${file}.new`;
  {
    await using handle = await open(draft, 'w', 0o600);
    await handle.writeFile(secret);
    await handle.sync();
  }
  await rename(draft, file);
  await syncFolder(dirname(file));
  return secret;
}
