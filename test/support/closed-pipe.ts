import { execFileSync } from 'node:child_process';
import { closeSync, constants, createReadStream, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/**
 * A file descriptor that refuses every write until it is opened, like that of a file on a disk that is full until there
 * is room again: a pipe without a reader.
 */
export function closedPipe() {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-pipe-'));
  const path = join(folder, 'pipe');
  execFileSync('mkfifo', [path]);
  // A pipe is opened for writing only while somebody reads.
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const fd = openSync(path, 'w');
  closeSync(reader);
  const lines: string[] = [];
  return {
    fd,
    /** What came through. */
    lines,
    open(): void {
      createInterface({ input: createReadStream(path) }).on('line', (line) => lines.push(line));
    },
    [Symbol.dispose](): void {
      closeSync(fd);
      rmSync(folder, { recursive: true });
    },
  };
}
