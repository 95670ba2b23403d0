import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where an upload that broke off lives, kept over crashes: one small file for a server and a content. */
export type UploadMemory = {
  recall(): Promise<string | undefined>;
  keep(uploadUrl: string): Promise<void>;
  forget(): Promise<void>;
};

/** The user's state folder, as the XDG base directories have it. */
export const stateFolder = (env: NodeJS.ProcessEnv): string =>
  join(env.XDG_STATE_HOME || join(homedir(), '.local', 'state'), 'millrace', 'uploads');

/** Named by content, not by path: a file that changed begins anew, one that moved goes on. */
export function uploadMemory(folder: string, server: string, contentId: string): UploadMemory {
  const path = join(folder, createHash('sha256').update(`${server}\n${contentId}`).digest('hex'));
  return {
    async recall() {
      try {
        return (await readFile(path, 'utf8')).trim() || undefined;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        throw error;
      }
    },
    async keep(uploadUrl) {
      await mkdir(folder, { recursive: true });
      // Whole or not at all, also when the machine stops in between.
      await writeFile(`${path}.new`, `${uploadUrl}\n`);
      await rename(`${path}.new`, path);
    },
    forget: () => rm(path, { force: true }),
  };
}
