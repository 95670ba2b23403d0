import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { pollDelayMs } from './poll-delay.ts';

const calm = { live: false, hidden: false, told: false, failures: 0, idleAnswers: 1 };

test('while something is under way, the server is asked every second', () => {
  assert.equal(pollDelayMs({ ...calm, live: true, idleAnswers: 40 }), 1000);
});

test('with nothing under way, the wait grows up to half a minute', () => {
  const waits = [1, 2, 3, 30].map((idleAnswers) => pollDelayMs({ ...calm, idleAnswers }));
  assert.deepEqual(waits, [5000, 7500, 11_250, 30_000]);
});

test('while a stream tells of changes, the server is hardly asked', () => {
  assert.equal(pollDelayMs({ ...calm, live: true, told: true }), 30_000);
  assert.equal(pollDelayMs({ ...calm, live: true, told: true, failures: 1 }), 1000);
});

test('a failing server is asked less and less often', () => {
  const waits = [1, 2, 3, 4, 5, 50].map((failures) => pollDelayMs({ ...calm, live: true, failures }));
  assert.deepEqual(waits, [1000, 2000, 4000, 8000, 15_000, 15_000]);
});

test('a hidden tab hardly asks, whatever goes on', () => {
  assert.equal(pollDelayMs({ live: true, hidden: true, told: false, failures: 3, idleAnswers: 0 }), 60_000);
});

test('the wait is always between a second and a minute', () => {
  const situation = fc.record({
    live: fc.boolean(),
    hidden: fc.boolean(),
    told: fc.boolean(),
    failures: fc.nat(5000),
    idleAnswers: fc.nat(5000),
  });
  fc.assert(
    fc.property(situation, (s) => {
      const ms = pollDelayMs(s);
      assert.ok(ms >= 1000 && ms <= 60_000);
    }),
  );
});
