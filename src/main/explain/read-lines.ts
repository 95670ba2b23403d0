import { createReadStream } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';

/** Stands for standard input among paths. */
export const STDIN = '-';
/** Longer than any line of ours: what goes on without an end is no log, and must not fill the memory. */
const MAX_LINE_CHARS = 1024 * 1024;
/** A log that its instance writes, and the one before it. */
const LOG_NAME = /\.jsonl(\.\d+)?$/;

/** The log files that paths name: a folder stands for the logs in it. None is named twice. */
export async function logFilesOf(paths: readonly string[]): Promise<string[]> {
  const files = await Promise.all(paths.map((path) => (path === STDIN ? [STDIN] : filesAt(path))));
  return [...new Set(files.flat())];
}

async function filesAt(path: string): Promise<string[]> {
  const real = await realpath(path);
  if (!(await stat(real)).isDirectory()) return [real];
  const names = (await readdir(real)).filter((name) => LOG_NAME.test(name)).sort();
  return names.map((name) => join(real, name));
}

/** The lines of a file or of standard input, one after the other. A line that is far too long comes cut. */
export async function* linesOf(file: string): AsyncGenerator<string> {
  const source: AsyncIterable<Uint8Array> = file === STDIN ? process.stdin : createReadStream(file);
  yield* splitLines(source);
}

/** Lines of UTF-8 text, whatever the pieces it comes in. */
export async function* splitLines(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const piece of pieces) {
    const lines = (rest + decoder.write(Buffer.from(piece))).split('\n');
    rest = (lines.pop() ?? '').slice(0, MAX_LINE_CHARS);
    yield* lines;
  }
  rest += decoder.end();
  if (rest !== '') yield rest;
}
