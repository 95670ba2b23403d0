import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { LogLine } from '../../test/fault/read-logs.ts';

/** What a line must have: its event, and fields with these values. */
export type Wanted = { readonly event: string; readonly [field: string]: unknown };

const LOOK_MS = 30;
/** For what never comes, not for what comes late. */
const DEADLINE_MS = 120_000;

/** The logs of an instance, read on as they grow. */
export class LogTail {
  /** By file, in the order in which they were written. */
  readonly #lines: LogLine[] = [];
  readonly #folder: string;
  readonly #ends = new Map<string, number>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  async lines(): Promise<readonly LogLine[]> {
    for (const name of await readdir(this.#folder)) if (name.endsWith('.jsonl')) await this.#readOn(name);
    return this.#lines;
  }

  /** The first line since then that has all that is wanted, which may be yet to come. */
  async first(wanted: Wanted, sinceMs: number, deadlineMs = DEADLINE_MS): Promise<LogLine> {
    const endMs = performance.now() + deadlineMs;
    for (;;) {
      const found = firstOf(await this.lines(), wanted, sinceMs);
      if (found) return found;
      if (performance.now() > endMs) throw new Error(`not logged within ${deadlineMs} ms: ${JSON.stringify(wanted)}`);
      await delay(LOOK_MS);
    }
  }

  async #readOn(name: string): Promise<void> {
    await using file = await open(join(this.#folder, name));
    const from = this.#ends.get(name) ?? 0;
    const { size } = await file.stat();
    if (size <= from) return;
    const bytes = Buffer.alloc(size - from);
    await file.read(bytes, 0, bytes.length, from);
    const whole = bytes.lastIndexOf('\n') + 1;
    this.#ends.set(name, from + whole);
    this.#lines.push(...bytes.subarray(0, whole).toString().split('\n').flatMap(parsed));
  }
}

/** The earliest by its time: each file is in order, all of them together are not. */
export function firstOf(lines: readonly LogLine[], wanted: Wanted, sinceMs: number): LogLine | undefined {
  const fits = (line: LogLine): boolean =>
    timeOf(line) >= sinceMs && Object.entries(wanted).every(([field, value]) => line[field] === value);
  return lines.filter(fits).reduce<LogLine | undefined>((a, b) => (a && timeOf(a) <= timeOf(b) ? a : b), undefined);
}

/** In ms since 1970. */
export const timeOf = ({ time }: LogLine): number => Date.parse(time);

/** A process that is killed may leave half a line, behind which the next one writes. */
function parsed(text: string): LogLine[] {
  try {
    return text === '' ? [] : [JSON.parse(text) as LogLine];
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}
