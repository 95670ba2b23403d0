import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Attempt } from './attempts-of.ts';
import { lanesOf, MOST_LANES, spanOf, ticksOf } from './lanes-of.ts';

const attempt = (worker: string, startMs: number, endMs: number | undefined): Attempt => ({
  taskId: `${startMs}`,
  kind: 'encode',
  number: 1,
  worker,
  startMs,
  endMs,
  outcome: endMs === undefined ? 'running' : 'done',
  reason: null,
});

const attempts = fc
  .array(fc.tuple(fc.constantFrom('one', 'two', 'three'), fc.nat(1000), fc.option(fc.nat(100))), { maxLength: 30 })
  .map((all) =>
    all
      .map(([worker, start, length]) => attempt(worker, start, length === null ? undefined : start + length))
      .toSorted((a, b) => a.startMs - b.startMs),
  );

test('every attempt stands in one row of its worker, and none over another', () => {
  fc.assert(
    fc.property(attempts, (all) => {
      const lanes = lanesOf(all);
      assert.ok(lanes.length <= MOST_LANES);
      assert.equal(lanes.flatMap((lane) => lane.attempts).length, all.length);
      for (const lane of lanes) {
        for (const [at, one] of lane.attempts.entries()) {
          assert.equal(one.worker, lane.worker);
          const before = lane.attempts[at - 1];
          if (before) assert.ok((before.endMs ?? Infinity) <= one.startMs);
        }
      }
    }),
  );
});

test('one row is enough for a worker that does one thing after the other', () => {
  const lanes = lanesOf([attempt('one', 0, 5), attempt('two', 1, 9), attempt('one', 5, 7), attempt('one', 6, 8)]);
  assert.deepEqual(
    lanes.map(({ worker, isFirst, attempts: row }) => [worker, isFirst, row.length]),
    [
      ['one', true, 2],
      ['one', false, 1],
      ['two', true, 1],
    ],
  );
});

test('the chart reaches to now while something runs, also where the browser is behind', () => {
  assert.deepEqual(spanOf([attempt('one', 10, 20), attempt('two', 12, undefined)], 50), { startMs: 10, endMs: 50 });
  assert.deepEqual(spanOf([attempt('one', 10, undefined)], 5), { startMs: 10, endMs: 11 });
  assert.equal(spanOf([], 5), undefined);
});

test('ticks are few, begin at the start and stay inside', () => {
  fc.assert(
    fc.property(fc.double({ min: 0.05, max: 200_000, noNaN: true }), (span) => {
      const ticks = ticksOf(span);
      assert.equal(ticks[0], 0);
      assert.ok(ticks.length <= 8, `${ticks.length} ticks`);
      assert.ok(ticks.every((tick) => tick <= span + 0.1));
    }),
  );
  assert.deepEqual(ticksOf(21), [0, 5, 10, 15, 20]);
});
