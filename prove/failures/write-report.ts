import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import { between } from './between-marks.ts';
import type { Demonstration } from './demonstrate.ts';
import { markdown } from './tell.ts';

export type ReportOptions = {
  readonly all: readonly Demonstration[];
  /** Of this run; not told. */
  readonly folder: string;
  readonly madeMs: number;
  readonly tookMs: number;
};

/** Writes a report whose name has the time, and returns its path. */
export async function writeReport(out: string, options: ReportOptions): Promise<string> {
  await mkdir(out, { recursive: true });
  const made = new Date(options.madeMs).toISOString();
  const path = join(out, `failures-${made.slice(0, 19).replaceAll(':', '-')}.md`);
  await writeFile(path, `# Failures, shown at ${made}\n\n${textOf(options)}\n`);
  return path;
}

/** Puts it into the document, between its two marks. */
export async function writeIntoDocument(path: string, options: ReportOptions): Promise<void> {
  await writeFile(path, between(await readFile(path, 'utf8'), `\n${textOf(options)}\n`));
}

function textOf({ all, folder, madeMs, tookMs }: ReportOptions): string {
  const [cpu] = cpus();
  const machine = `${cpus().length} × ${cpu?.model ?? 'unknown processor'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}`;
  const when = new Date(madeMs).toISOString().slice(0, 16).replace('T', ' ');
  const [load = 0] = loadavg();
  const run = `Run of ${when} UTC, ${all.length} failures in ${Math.round(tookMs / 1000)} s; ${machine}, load ${load.toFixed(1)} at the end.`;
  return `${run}\n\n${markdown(all, folder)}`;
}
