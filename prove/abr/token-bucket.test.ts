import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TokenBucket } from './token-bucket.ts';

test('what passes is the rate times the time, and what was not used waits up to the burst', () => {
  const bucket = new TokenBucket({ bytesPerSecond: 1000, burstMs: 300, nowMs: 0 });
  assert.equal(bucket.take(500, 0), 0);
  assert.equal(bucket.take(500, 100), 100);
  assert.equal(bucket.take(50, 200), 50);
  assert.equal(bucket.take(500, 200), 50);
  assert.equal(bucket.take(500, 9000), 300);
});

test('a new rate holds from its moment on', () => {
  const bucket = new TokenBucket({ bytesPerSecond: 1000, burstMs: 10_000, nowMs: 0 });
  bucket.setRate(200, 1000);
  assert.equal(bucket.take(10_000, 2000), 1200);
});

test('a slow line lets as many ms of its rate through at once as a fast one, and so fewer bytes', () => {
  const bucket = new TokenBucket({ bytesPerSecond: 100_000, burstMs: 40, nowMs: 0 });
  assert.equal(bucket.take(10_000, 5000), 4000);
  bucket.setRate(1000, 10_000);
  assert.equal(bucket.take(10_000, 10_000), 40);
});

test('over any time no more passes than the rate and one burst', () => {
  const step = fc.record({ waitMs: fc.nat({ max: 500 }), wanted: fc.nat({ max: 2000 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 50 }), (steps) => {
      const bucket = new TokenBucket({ bytesPerSecond: 1000, burstMs: 200, nowMs: 0 });
      let nowMs = 0;
      let passed = 0;
      for (const { waitMs, wanted } of steps) {
        nowMs += waitMs;
        passed += bucket.take(wanted, nowMs);
        assert.ok(passed <= 200 + nowMs);
      }
    }),
  );
});
