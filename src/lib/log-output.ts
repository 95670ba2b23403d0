import { write, writeSync } from 'node:fs';

export type LogOutput = { readonly write: (line: string) => void };

export type LogOutputOptions = {
  readonly fd: number;
  /** Lines wait so long for others, to go out together, beside the work. Unset: each is written before the work goes on. */
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
 * Writes lines, which wait on a full disk until there is room. An exit tries once to write what is left; a kill loses what
 * waits, which is nothing where each line is written before the work goes on and the disk has room. pino's own stream ends
 * the process at the first write that fails, and its hook then waits for room for ever (sonic-boom 4.2, flushSync).
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
    if (gatherMs === undefined) putNow();
    else write(fd, taken, onWritten);
  }

  function putNow(): void {
    let written: number;
    try {
      written = writeSync(fd, taken);
    } catch (error) {
      onWritten(error as Error, 0);
      return;
    }
    onWritten(null, written);
  }

  function onWritten(error: Error | null, written: number): void {
    taken = taken.subarray(written);
    if (error) {
      state = 'pausing';
      setTimeout(put, RETRY_MS).unref();
      return;
    }
    if (taken.length > 0) {
      put();
      return;
    }
    state = 'free';
    putSoon();
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
    // What is being written, another thread writes.
    const left = Buffer.concat([state === 'writing' ? NOTHING : taken, Buffer.from(waiting)]);
    try {
      for (let at = 0; at < left.length; ) at += writeSync(fd, left, at);
    } catch {
      // There is no room, and nobody left who could wait for it or be told.
    }
  });

  return { write: add };
}
