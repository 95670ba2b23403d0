import { write, writeSync } from 'node:fs';

export type LogOutput = { readonly write: (line: string) => void };

export type LogOutputOptions = {
  readonly fd: number;
  /** Lines wait so long for others, to go out together. Unset: each goes out at once. */
  readonly gatherMs?: number | undefined;
  /** How many lines were lost, told as soon as lines go out again. */
  readonly onLost: (lines: number) => void;
};

/** What waits for a slow or full disk at most; lines beyond are lost rather than the memory. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024;
/** About eight lines: gathering more of them saves little. */
const FULL_WRITE_BYTES = 3584;
const RETRY_MS = 100;
const NOTHING = Buffer.alloc(0);

/**
 * Writes lines beside the work: a slow disk is not waited for, and on a full one lines wait until there is room.
 * An exit tries once to write what is left; a kill loses what waits. pino's own stream ends the process at the first
 * write that fails, and its hook then waits for room for ever (sonic-boom 4.2, flushSync).
 */
export function logOutput({ fd, gatherMs, onLost }: LogOutputOptions): LogOutput {
  let waiting = '';
  let lost = 0;
  /** Taken from what waits, until all of it is written. */
  let taken: Buffer = NOTHING;
  let state: 'free' | 'writing' | 'pausing' = 'free';
  let isGathering = false;

  function add(line: string): void {
    if (waiting.length + line.length > MAX_WAITING_BYTES) {
      lost++;
      return;
    }
    waiting += line;
    putSoon();
  }

  function putSoon(): void {
    if (state !== 'free' || waiting === '') return;
    if (gatherMs === undefined || waiting.length >= FULL_WRITE_BYTES) put();
    else if (!isGathering) {
      isGathering = true;
      setTimeout(putGathered, gatherMs).unref();
    }
  }

  function putGathered(): void {
    isGathering = false;
    if (state === 'free' && waiting !== '') put();
  }

  function put(): void {
    state = 'writing';
    if (taken.length === 0) takeWaiting();
    write(fd, taken, (error, written) => {
      taken = taken.subarray(written);
      if (error) {
        state = 'pausing';
        setTimeout(put, RETRY_MS).unref();
        return;
      }
      if (taken.length > 0) return put();
      state = 'free';
      putSoon();
    });
  }

  function takeWaiting(): void {
    [taken, waiting] = [Buffer.from(waiting), ''];
    if (lost === 0) return;
    const lines = lost;
    lost = 0;
    // Written right behind the lines that were not lost.
    onLost(lines);
  }

  process.once('exit', () => {
    // What is being written, another thread writes to its end.
    const left = Buffer.concat([state === 'writing' ? NOTHING : taken, Buffer.from(waiting)]);
    try {
      for (let at = 0; at < left.length; ) at += writeSync(fd, left, at);
    } catch {
      // There is no room, and nobody left who could wait for it or be told.
    }
  });

  return { write: add };
}
