import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RateLimit } from './rate-limit.ts';

function fixture(perSecond = 2, burst = 4) {
  let atMs = 1_000;
  const limit = new RateLimit({ perSecond, burst, nowMs: () => atMs });
  return { limit, pass: (ms: number) => (atMs += ms) };
}

test('a quiet client may ask for a burst at once, then at the rate', () => {
  const { limit, pass } = fixture();
  assert.deepEqual(
    [1, 2, 3, 4, 5].map(() => limit.take('192.0.2.1')),
    [0, 0, 0, 0, 1],
  );
  pass(500);
  assert.deepEqual([limit.take('192.0.2.1'), limit.take('192.0.2.1')], [0, 1]);
  assert.equal(limit.take('192.0.2.2'), 0, 'another client');
});

test('over any time a client gets no more than the burst and what it earned', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(300), { maxLength: 200 }), (gaps) => {
      const { limit, pass } = fixture();
      let passed = 0;
      for (const gap of gaps) {
        pass(gap);
        if (limit.take('192.0.2.1') === 0) passed += 1;
      }
      const seconds = gaps.reduce((sum, gap) => sum + gap, 0) / 1000;
      return passed <= 4 + seconds * 2;
    }),
  );
});

test('one who waits as long as told may pass', () => {
  fc.assert(
    fc.property(fc.nat(50), fc.integer({ min: 1, max: 20 }), (asked, perSecond) => {
      const { limit, pass } = fixture(perSecond, 5);
      for (let i = 0; i < asked; i++) limit.take('192.0.2.1');
      const waitSeconds = limit.take('192.0.2.1');
      pass(waitSeconds * 1000);
      return waitSeconds === 0 || limit.take('192.0.2.1') === 0;
    }),
  );
});

test('a network of IPv6 addresses is one client; IPv4 written as IPv6 is the same client', () => {
  const { limit } = fixture(1, 1);
  assert.equal(limit.take('2001:db8:1:2::1'), 0);
  for (const address of ['2001:db8:1:2::2', '2001:db8:1:2:ffff::', '2001:db8:1:2:3:4:5:6'])
    assert.equal(limit.take(address), 1, address);
  assert.equal(limit.take('2001:db8:1:3::1'), 0);
  assert.equal(limit.take('192.0.2.1'), 0);
  assert.equal(limit.take('::ffff:192.0.2.1'), 1);
});
