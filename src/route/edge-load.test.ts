import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../../test/fakes/manual-clock.ts';
import { createEdgeLoad } from './edge-load.ts';

test('the load of an edge is what it was asked lately, and fades', () => {
  const clock = new ManualClock();
  const load = createEdgeLoad(clock);
  for (let i = 0; i < 100; i++) load.note('edge-1');
  assert.deepEqual([load.of('edge-1'), load.of('edge-2')], [100, 0]);
  clock.advance(10_000);
  assert.equal(Math.round(load.of('edge-1')), 37);
  clock.advance(100_000);
  assert.ok(load.of('edge-1') < 0.01);
});

test('a steady stream of requests keeps the load at ten seconds of it', () => {
  const clock = new ManualClock();
  const load = createEdgeLoad(clock);
  for (let i = 0; i < 1000; i++) {
    clock.advance(100);
    load.note('edge-1');
  }
  assert.ok(Math.abs(load.of('edge-1') - 100) < 2, String(load.of('edge-1')));
});
