import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from './config.ts';

/** The secret of an instance: given by a setting, or made once and kept with the data, so that it outlives restarts. */
export async function keepSecret(config: Config, data: string): Promise<string> {
  if (config.MILLRACE_SECRET !== undefined) return config.MILLRACE_SECRET;
  const file = join(data, 'secret');
  try {
    await writeFile(file, randomBytes(32).toString('hex'), { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return (await readFile(file, 'utf8')).trim();
}
