import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';

const LOG = join(import.meta.dirname, 'log.ts');
const DEADLINE_MS = 60_000;

test('what is written beside the work is out when the process exits', () => {
  const program = `
    const { createLog, unhurriedOutput } = await import(${JSON.stringify(LOG)});
    const log = createLog({ role: 'edge', node: 'edge-1', destination: unhurriedOutput() });
    for (let n = 0; n < 5000; n++) log.info('segment_served', { n });
    process.exit(0);`;
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', program], {
    encoding: 'utf8',
    timeout: DEADLINE_MS,
  });
  const numbers = output
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).n);
  assert.deepEqual(
    numbers,
    Array.from({ length: 5000 }, (_, n) => n),
  );
});

test('a line goes out although no other one follows', async () => {
  const program = `
    const { createLog, unhurriedOutput } = await import(${JSON.stringify(LOG)});
    createLog({ role: 'edge', node: 'edge-1', destination: unhurriedOutput() }).info('segment_served', {});
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { timeout: DEADLINE_MS });
  try {
    const first = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next();
    assert.equal(JSON.parse(first.value ?? '').event, 'segment_served');
  } finally {
    child.kill();
  }
});
