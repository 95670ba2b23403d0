import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { closedPipe } from '../../test/support/closed-pipe.ts';
import { eventually } from '../../test/support/eventually.ts';
import { logOutput } from './log-output.ts';

const OUTPUT = join(import.meta.dirname, 'log-output.ts');
const DEADLINE_MS = 60_000;

/** A program whose `output` is its standard output. */
const program = (script: string): string[] => [
  '--input-type=module',
  '-e',
  `const { logOutput } = await import(${JSON.stringify(OUTPUT)});
   const output = logOutput({ fd: 1, gatherMs: 20, onLost: () => undefined });
   ${script}`,
];

test('what is written beside the work is out when the process exits', () => {
  const said = execFileSync(
    process.execPath,
    program(`for (let n = 0; n < 5000; n++) output.write(n + '\\n'); process.exit(0);`),
    { encoding: 'utf8', timeout: DEADLINE_MS },
  );
  assert.deepEqual(
    said.trimEnd().split('\n').map(Number),
    Array.from({ length: 5000 }, (_, n) => n),
  );
});

test('a line goes out although no other one follows', async () => {
  const script = `output.write('one\\n'); setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, program(script), { timeout: DEADLINE_MS });
  try {
    const first = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next();
    assert.equal(first.value, 'one');
  } finally {
    child.kill();
  }
});

test('a process whose lines cannot be written goes on, and exits when it wants to', async () => {
  const full = openSync('/dev/full', 'w');
  // It exits while one line waits for the next try, and another one behind it.
  const script = `
    output.write('one\\n');
    await new Promise((done) => setTimeout(done, 50));
    output.write('two\\n');
    process.exit(3);`;
  const child = spawn(process.execPath, program(script), { stdio: ['ignore', full, 'inherit'], timeout: DEADLINE_MS });
  closeSync(full);
  assert.deepEqual(await once(child, 'exit'), [3, null]);
});

test('lines that cannot be written wait, at most so many, and how many were lost is told behind them', async () => {
  using pipe = closedPipe();
  const output = logOutput({ fd: pipe.fd, gatherMs: 1, onLost: (lines) => output.write(`lost ${lines}\n`) });
  for (let n = 0; n < 20; n++) output.write(`${n} ${'x'.repeat(1024 * 1024)}\n`);
  pipe.open();
  await eventually('it is told', () => pipe.lines.some((line) => line.startsWith('lost')));
  const said = pipe.lines.map((line) => line.split(' x')[0]);
  const kept = said.length - 1;
  assert.deepEqual(said, [...Array.from({ length: kept }, (_, n) => String(n)), `lost ${20 - kept}`]);
  assert.ok(kept > 10 && kept < 20, `${kept} were kept`);
});

test('a line that waits for no others is written before the work goes on', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'millrace-log-'));
  const path = join(folder.path, 'role.jsonl');
  const fd = openSync(path, 'a');
  logOutput({ fd, onLost: () => undefined }).write('one\n');
  assert.equal(readFileSync(path, 'utf8'), 'one\n');
  closeSync(fd);
});
