import { copyFileSync, openSync, readdirSync, readFileSync, rmSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';

/** Children write to their files themselves, so that nothing is lost when the supervisor is killed. */
export const openLogFile = (folder: string, file: string): number => openSync(join(folder, file), 'a');

const LAST_LINES = 5;

/** What a child said last, for the person who reads why it did not start. */
export function lastLinesOf(folder: string, child: string): string[] {
  const name = readdirSync(folder).find((file) => file === `${child}.jsonl` || file === `${child}.log`);
  return name ? readFileSync(join(folder, name), 'utf8').trimEnd().split('\n').slice(-LAST_LINES) : [];
}

const MAX_BYTES = 64 * 1024 * 1024;
const LOOK_EVERY_MS = 60_000;

/** Keeps each log below a bound: what is full moves to `….1`, over the one before. What cannot be moved is tried again. */
export function watchLogSizes(folder: string, onNotMoved: (cause: unknown) => void): () => void {
  const look = (): void => {
    for (const name of readdirSync(folder).filter((file) => /\.(jsonl|log)$/.test(file))) {
      const path = join(folder, name);
      try {
        if (statSync(path).size >= MAX_BYTES) moveAside(path);
      } catch (cause) {
        onNotMoved(cause);
      }
    }
  };
  look();
  const timer = setInterval(look, LOOK_EVERY_MS);
  return () => clearInterval(timer);
}

function moveAside(path: string): void {
  const older = `${path}.1`;
  try {
    // Copied and cut, not renamed: the writers hold the file open for appending.
    copyFileSync(path, older);
  } catch (cause) {
    // Half a copy would take the last room of a disk that is full.
    if ((cause as NodeJS.ErrnoException).code === 'ENOSPC') rmSync(older, { force: true });
    throw cause;
  }
  truncateSync(path);
}
