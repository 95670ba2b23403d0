import { basename } from 'node:path';
import { ConfigError } from '../config.ts';
import { hashFile } from './hash-file.ts';

/** `millrace hash FILE…`: a line per file, as sha256sum prints them. A file that cannot be read fails the command. */
export async function hash(files: readonly string[]): Promise<void> {
  if (files.length === 0) throw new ConfigError('hash needs at least one file.');
  for (const file of files) {
    try {
      const { contentId } = await hashFile(file);
      console.log(`${contentId}  ${file}`);
    } catch (error) {
      console.error(`millrace: ${basename(file)}: ${error instanceof Error ? error.message : String(error)}`);
      process.exitCode = 1;
    }
  }
}
