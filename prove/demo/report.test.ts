import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { logLine } from '../../test/support/log-lines.ts';
import { wrongInLine } from '../../test/support/wrong-in-line.ts';
import { excerpt } from './excerpt.ts';
import { reportText } from './report.ts';
import { type Done, STEPS, type StepName } from './steps.ts';

const DOCS = resolve(import.meta.dirname, '../../docs');
const done = (name: StepName, over: Partial<Done> = {}): Done => ({
  name,
  verdict: 'PASS',
  seen: 'all of it',
  atSeconds: 1,
  tookSeconds: 2,
  ...over,
});
const report = (...steps: Done[]): string =>
  reportText({ steps, startedMs: Date.UTC(2026, 10, 23, 3), tookSeconds: 185, versions: [], plotFile: 'p.svg' });
/** Rows of the table of steps, a list of cells each. */
const rowsOf = (text: string): string[][] =>
  [...text.matchAll(/^\| (\w+) \|.*\| (?:PASS|\*\*.+\*\*) \|.*\|$/gm)].map(([row]) => row.split(' | '));

test('a report tells each step with its lines, and says at its head what did not pass', () => {
  const line = logLine('worker_connected', 1, 'orchestrator', { worker: 'worker-1', session: 's', version: '0' });
  const text = report(done('start', { lines: [line] }), done('clip', { verdict: 'FAIL', seen: 'a | b' }));
  assert.match(text, /run of 2026-11-23 03:00:00 UTC: \*\*1 steps did not pass\*\*, in 3 min 5 s\./);
  assert.match(text, /\| clip \| .* \| a \\\| b \| \*\*FAIL\*\* \| 1\.0 s \| 2\.0 s \|/);
  assert.ok(text.includes(JSON.stringify(line)));
  assert.match(report(done('start')), /: every step passed, in/);
});

test('of many lines the first are shown, and the rest is counted', () => {
  const line = logLine('worker_connected', 1, 'orchestrator', { worker: 'worker-1', session: 's', version: '0' });
  const text = report(done('start', { lines: Array(20).fill(line) }));
  assert.equal(text.split(JSON.stringify(line)).length - 1, 12);
  assert.match(text, /and 8 more such lines\./);
});

test('paths of the machine that made it, as in the stacks of errors, stay out of a report', () => {
  const err = { message: 'Error: gone', stack: 'at file:///home/me/millrace/src' };
  const line = logLine('database_error', 1, 'orchestrator', { err });
  const text = report(done('start', { lines: [line] }));
  assert.match(text, /"err":\{"message":"Error: gone"\}/);
});

test('an excerpt keeps what tells of trouble, with the first line and the last ones', () => {
  const lines = ['Session a', 'served 1', 'served 2', 'left edge-1 out', 'served 3', 'In all: 3.', 'Read 9 lines.'];
  assert.deepEqual(excerpt(lines), ['Session a', '…', 'left edge-1 out', '…', 'In all: 3.', 'Read 9 lines.']);
});

test('docs/demo.md is a report of the steps that the demo has today, and all of them passed', () => {
  const text = readFileSync(join(DOCS, 'demo.md'), 'utf8');
  const rows = rowsOf(text);
  assert.deepEqual(
    rows.map(([name, does]) => [name?.replace('| ', ''), does]),
    Object.entries(STEPS),
  );
  for (const row of rows) assert.equal(row[3], 'PASS');
  assert.ok(existsSync(join(DOCS, /\]\((demo\/[^)]+)\)/.exec(text)?.[1] ?? 'no plot')));
});

test('the lines that docs/demo.md shows are such as roles log today', () => {
  const shown = readFileSync(join(DOCS, 'demo.md'), 'utf8').match(/^\{.*"event":"\w+"\}$/gm) ?? [];
  assert.ok(shown.length > 20, `it shows ${shown.length}`);
  for (const line of shown) assert.deepEqual(wrongInLine(JSON.parse(line)), []);
});
