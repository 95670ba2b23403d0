import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Gate } from './gate.ts';

const LONG_MS = 60_000;

test('as many are in as fit; the next comes in when one leaves, in the order of coming', async () => {
  const gate = new Gate({ max: 2, waitMs: LONG_MS });
  const [first, second] = await Promise.all([gate.enter(), gate.enter()]);
  const order: string[] = [];
  const third = gate.enter().then((leave) => {
    order.push('third');
    return leave;
  });
  const fourth = gate.enter().then(() => order.push('fourth'));
  first?.();
  const leave = await third;
  assert.deepEqual(order, ['third']);
  leave?.();
  await fourth;
  assert.deepEqual(order, ['third', 'fourth']);
  second?.();
});

test('who waited too long is not let in, and takes nobody the place', async () => {
  const gate = new Gate({ max: 1, waitMs: 10 });
  const leave = await gate.enter();
  assert.equal(await gate.enter(), undefined);
  leave?.();
  assert.ok(await gate.enter());
});

test('leaving twice makes no second place', async () => {
  const gate = new Gate({ max: 1, waitMs: 1 });
  const leave = await gate.enter();
  leave?.();
  leave?.();
  assert.ok(await gate.enter());
  assert.equal(await gate.enter(), undefined);
});
