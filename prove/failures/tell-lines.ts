import type { LogLine } from '../../test/fault/read-logs.ts';
import { timeOf } from './log-tail.ts';

/** What the reader of one demonstration knows already: there is one video, and its time stands in front. */
const LEFT_OUT = new Set(['time', 'role', 'videoId', 'jobId', 'uploadId', 'pid']);
const WIDTH = 6;

export type Told = {
  readonly faultMs: number;
  /** Of this machine, and of no interest to anybody else. */
  readonly folder: string;
};

/** A line as documents show it: the milliseconds since the fault, and what tells something. Ids and errors are cut. */
export function tellLine(line: LogLine, { faultMs, folder }: Told): string {
  const fields = Object.entries(line).filter(([name]) => !LEFT_OUT.has(name));
  const short = Object.fromEntries(fields.map(([name, value]) => [name, shortened(name, value)]));
  const text = JSON.stringify(short).replaceAll(folder, '…');
  return `${String(timeOf(line) - faultMs).padStart(WIDTH)}  ${text}`;
}

function shortened(name: string, value: unknown): unknown {
  if (name === 'err') return withoutStack(value as Readonly<Record<string, unknown>>);
  if (typeof value !== 'string') return value;
  return value.replace(/^([0-9a-f]{8})[0-9a-f-]{24,56}$/, '$1-…');
}

const withoutStack = ({ stack, ...told }: Readonly<Record<string, unknown>>): object => told;
