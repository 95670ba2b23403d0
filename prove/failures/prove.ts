/**
 * Shows what Millrace does when parts of it break: real processes are killed, frozen and starved, and what came of it is
 * judged. Prints the story of each, writes a report, and ends with 1 when anything is not as it should be.
 *
 *   npm run demo:failures -- [NAME…] [--docs] [--out folder] [--keep folder]
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { closeOnce } from '../support/close-once.ts';
import { type Demonstration, demonstrate } from './demonstrate.ts';
import { AS_DEPLOYED } from './measures.ts';
import { Platform } from './platform.ts';
import { SCENARIOS } from './scenarios.ts';
import { story, summary } from './tell.ts';
import { writeIntoDocument, writeReport } from './write-report.ts';

const DOCUMENT = resolve(import.meta.dirname, '../../docs/failures.md');

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    /** Writes what was seen into docs/failures.md. */
    docs: { type: 'boolean', default: false },
    /** Where the report goes. */
    out: { type: 'string', default: join(tmpdir(), 'millrace-failures') },
    /** The logs stay there; else they go with everything else. */
    keep: { type: 'string' },
  },
});
const names = SCENARIOS.map(({ name }) => name);
const unknown = positionals.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  console.error(`demo:failures: there is no ${unknown.join(', ')}, only ${names.join(', ')}`);
  process.exit(1);
}
const chosen = SCENARIOS.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
const folder = await mkdtemp(
  join(values.keep === undefined ? tmpdir() : await made(values.keep), 'millrace-failures-'),
);
const opened = new AsyncDisposableStack();
if (values.keep === undefined) opened.defer(() => rm(folder, { recursive: true }));
else console.log(`The logs: ${join(folder, 'data/logs')}`);
const close = closeOnce(opened);
try {
  await showAll();
} finally {
  await close();
}

async function showAll(): Promise<void> {
  const startedMs = Date.now();
  const platform = opened.use(await Platform.start(folder, AS_DEPLOYED));
  const all: Demonstration[] = [];
  for (const scenario of chosen) {
    const shown = await demonstrate(scenario, platform);
    console.log(story(shown, folder));
    all.push(shown);
  }
  const report = { all, folder, madeMs: Date.now(), tookMs: Date.now() - startedMs };
  console.log(summary(all));
  console.log(`\nThe report: ${await writeReport(values.out, report)}`);
  if (all.some(({ wrong }) => wrong.length > 0)) process.exitCode = 1;
  else if (values.docs) await writeIntoDocument(DOCUMENT, report);
}

async function made(path: string): Promise<string> {
  await mkdir(path, { recursive: true });
  return resolve(path);
}
