import { execFile } from 'node:child_process';
import { closeSync, openSync, writeSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
/** Every source and segment of the demonstrations, twice over. */
const SIZE_MIB = 256;
/** From large pieces to one page, so that in the end not a segment fits. */
const PIECES_BYTES = [1024 * 1024, 4096];

/** A disk of its own for what is stored, which can be full without harm to this machine. */
export class SmallDisk {
  /** Why there is none: mounting takes root on Linux. Then it is a folder like any other, and cannot be full. */
  readonly trouble: string | undefined;
  readonly #folder: string;

  private constructor(folder: string, trouble: string | undefined) {
    this.#folder = folder;
    this.trouble = trouble;
  }

  static async mount(folder: string): Promise<SmallDisk> {
    await mkdir(folder, { recursive: true });
    const trouble = await run('mount', ['-t', 'tmpfs', '-o', `size=${SIZE_MIB}m`, 'tmpfs', folder]).then(
      () => undefined,
      (error: Error & { stderr?: string }) => (error.stderr?.trim() || error.message).split('\n').join(' '),
    );
    return new SmallDisk(folder, trouble);
  }

  get #ballast(): string {
    return join(this.#folder, 'ballast');
  }

  /** Leaves no byte. At once, so that nobody writes meanwhile. */
  fill(): void {
    if (this.trouble !== undefined) throw new Error(`there is no small disk: ${this.trouble}`);
    const fd = openSync(this.#ballast, 'a');
    for (const bytes of PIECES_BYTES) fillBy(fd, Buffer.alloc(bytes));
    closeSync(fd);
  }

  async free(): Promise<void> {
    await rm(this.#ballast, { force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Lazily: a process that was killed a moment ago may still have files open on it.
    if (this.trouble === undefined) await run('umount', ['-l', this.#folder]);
  }
}

function fillBy(fd: number, piece: Buffer): void {
  try {
    while (writeSync(fd, piece) === piece.length);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}
