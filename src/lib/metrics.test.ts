import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Registry } from 'prom-client';
import { createLog } from './log.ts';
import { countEvents } from './metrics.ts';

type Said = { event: 'served'; status: number } | { event: 'failed'; code: string };

test('every line is counted by its event and level, also what is not written', async () => {
  const registry = new Registry();
  const written: string[] = [];
  const destination = { write: (line: string) => void written.push(line) };
  const onLine = countEvents(registry);
  const log = createLog<Said>({ role: 'edge', node: 'edge-1', level: 'warn', destination, onLine });
  for (let n = 0; n < 3; n++) log.debug('served', { status: 200 });
  log.with({ status: 1 }).error('failed', { code: 'gone' });
  const told = async (): Promise<string[]> =>
    (await registry.metrics()).split('\n').filter((line) => /^millrace/.test(line));
  const wanted = [
    'millrace_events_total{event="served",level="debug"} 3',
    'millrace_events_total{event="failed",level="error"} 1',
  ];
  assert.deepEqual([await told(), await told()], [wanted, wanted]);
  assert.equal(written.length, 1);
});
