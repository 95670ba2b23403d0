import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Registry } from 'prom-client';
import { addWaitingGauge } from './waiting-gauge.ts';

test('waiting tasks are counted anew each time, and unknown while the database is away', async () => {
  const registry = new Registry();
  const counts = [3, undefined, 0];
  addWaitingGauge(registry, async () => {
    const count = counts.shift();
    if (count === undefined) throw new Error('no database');
    return count;
  });
  const told = async () => /^millrace_tasks_waiting (\S+)$/m.exec(await registry.metrics())?.[1];
  assert.deepEqual([await told(), await told(), await told()], ['3', 'Nan', '0']);
});
