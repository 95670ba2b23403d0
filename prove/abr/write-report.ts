import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { cpus, loadavg, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import type { PlayerName } from '../../test/support/player-pages.ts';
import { plotViewing } from './plot-viewing.ts';
import { type ReportOptions, reportText } from './report.ts';

type Written = Pick<ReportOptions, 'runs' | 'ladder' | 'schedule' | 'lineKind'>;

/** Writes report.md and a plot for each player, of the last run. */
export async function writeReport(folder: string, written: Written): Promise<void> {
  for (const proof of written.runs.at(-1) ?? [])
    await writeFile(join(folder, `${proof.viewing.player}.svg`), plotViewing(proof, written.ladder));
  const [cpu] = cpus();
  const gibibytes = Math.round(totalmem() / 2 ** 30);
  const machine = `${cpus().length} × ${cpu?.model ?? 'unknown processor'}, ${gibibytes} GiB, Node ${process.versions.node}`;
  const load = loadavg()
    .map((value) => value.toFixed(1))
    .join(', ');
  const report = reportText({ ...written, machine, load, madeMs: Date.now(), versionOf });
  await writeFile(join(folder, 'report.md'), report);
}

function versionOf(player: PlayerName): string {
  const modules = resolve(import.meta.dirname, '../../node_modules');
  const { version } = JSON.parse(readFileSync(join(modules, player, 'package.json'), 'utf8')) as { version: string };
  return version;
}
