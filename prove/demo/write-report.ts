import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, loadavg, totalmem } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { plotViewing } from '../abr/plot-viewing.ts';
import type { Shown } from './play.ts';
import { reportText } from './report.ts';
import type { Done } from './steps.ts';

const run = promisify(execFile);
const ROOT = resolve(import.meta.dirname, '../..');
const COMMAND_DEADLINE_MS = 10_000;
const PLOT = 'demo/playback.svg';

type Written = {
  readonly steps: readonly Done[];
  readonly startedMs: number;
  readonly tookSeconds: number;
  readonly shown: Shown | undefined;
  readonly lineKind: string | undefined;
};

/** Writes demo.md and, where it came to playing, its plot. @returns the path of the report */
export async function writeReport(folder: string, { shown, lineKind, ...written }: Written): Promise<string> {
  // Before the plot takes the place of the one in docs/, which would make this a changed copy of its commit.
  const versions = await versionsOf(shown, lineKind);
  await mkdir(join(folder, dirname(PLOT)), { recursive: true });
  if (shown) await writeFile(join(folder, PLOT), plotViewing(shown.proof, shown.ladder));
  const file = join(folder, 'demo.md');
  await writeFile(file, reportText({ ...written, versions, plotFile: shown && PLOT }));
  return file;
}

async function versionsOf(shown: Shown | undefined, lineKind: string | undefined): Promise<[string, string][]> {
  const [cpu] = cpus();
  const ffmpeg = (await run('ffmpeg', ['-version'], { timeout: COMMAND_DEADLINE_MS })).stdout.split(' ')[2] ?? '';
  const load = loadavg().map((value) => value.toFixed(1));
  return [
    ['Millrace', `${packageVersion(ROOT)}, ${await commitOf()}`],
    ['Node', process.versions.node],
    ['ffmpeg', ffmpeg],
    ['hls.js', packageVersion(join(ROOT, 'node_modules/hls.js'))],
    ...(shown ? [['Chromium', shown.browser] as [string, string]] : []),
    ...(lineKind ? [['line', lineKind] as [string, string]] : []),
    ['machine', `${cpus().length} × ${cpu?.model ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB`],
    ['load', `${load.join(', ')} at the end`],
  ];
}

function packageVersion(folder: string): string {
  return (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string }).version;
}

/** A copy of the project without its history says so. */
async function commitOf(): Promise<string> {
  const args = ['-C', ROOT, 'describe', '--always', '--dirty'];
  return run('git', args, { timeout: COMMAND_DEADLINE_MS }).then(
    ({ stdout }) => `commit ${stdout.trim()}`,
    () => 'not a git checkout',
  );
}
