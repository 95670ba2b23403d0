import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { afterTry, MAX_TRIES } from './after-try.ts';

const HOUR_MS = 3_600_000;
const half = (): number => 0.5;

test('2xx is success, 410 ends the message, whatever else is tried again', () => {
  fc.assert(
    fc.property(fc.integer({ min: 200, max: 599 }), fc.integer({ min: 1, max: MAX_TRIES - 1 }), (status, tries) => {
      const { outcome } = afterTry(tries, { status }, half);
      if (status < 300) return outcome === 'delivered';
      return outcome === (status === 410 ? 'given_up' : 'again');
    }),
  );
});

test('pauses grow from seconds to an hour, and the last try is the last', () => {
  const waits = Array.from({ length: MAX_TRIES - 1 }, (_, i) => {
    const after = afterTry(i + 1, { status: 500 }, half);
    assert.equal(after.outcome, 'again');
    return after.waitMs;
  });
  assert.deepEqual(waits.slice(0, 3), [3_750, 7_500, 15_000]);
  assert.ok(waits.every((waitMs, i) => waitMs >= (waits[i - 1] ?? 0) && waitMs <= HOUR_MS));
  const days = waits.reduce((sum, waitMs) => sum + waitMs, 0) / HOUR_MS / 24;
  assert.ok(days > 2 && days < 4, String(days));
  assert.equal(afterTry(MAX_TRIES, { status: 500 }, half).outcome, 'given_up');
});

test('what the network said is kept, but no more than a line of it', () => {
  const after = afterTry(1, { error: new Error('x'.repeat(10_000)) }, half);
  assert.deepEqual([after.error?.length, after.status], [200, undefined]);
});
