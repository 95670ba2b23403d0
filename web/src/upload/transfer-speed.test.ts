import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { addSample, remainingSeconds, type Sample, speedOf } from './transfer-speed.ts';

const samplesAt = (bytesPerSecond: number, seconds: number): readonly Sample[] =>
  Array.from({ length: seconds * 4 + 1 }, (_, i) => ({ atMs: i * 250, bytes: (i * bytesPerSecond) / 4 })).reduce(
    addSample,
    [] as readonly Sample[],
  );

test('a steady transfer has that speed and the time that follows from it', () => {
  const samples = samplesAt(1_000_000, 10);
  assert.equal(speedOf(samples), 1_000_000);
  assert.equal(remainingSeconds(samples, 15_000_000), 5);
});

test('after a change of speed, the last seconds decide', () => {
  let samples = samplesAt(1_000_000, 10);
  for (let i = 1; i <= 24; i++)
    samples = addSample(samples, { atMs: 10_000 + i * 250, bytes: 10_000_000 + i * 25_000 });
  assert.equal(speedOf(samples), 100_000);
});

test('nothing is said before half a second has passed', () => {
  const samples = [0, 100, 400].reduce<readonly Sample[]>((all, atMs) => addSample(all, { atMs, bytes: atMs }), []);
  assert.equal(speedOf(samples), undefined);
  assert.equal(remainingSeconds(samples, 1000), undefined);
});

test('a transfer that stands still has no remaining time', () => {
  const samples: readonly Sample[] = [
    { atMs: 0, bytes: 500 },
    { atMs: 4000, bytes: 500 },
  ];
  assert.equal(speedOf(samples), 0);
  assert.equal(remainingSeconds(samples, 1000), undefined);
});

test('however long a transfer takes, only the samples of the last seconds are kept', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 100, max: 3000 }), { maxLength: 300 }), (gapsMs) => {
      let samples: readonly Sample[] = [];
      let atMs = 0;
      for (const gapMs of gapsMs) {
        atMs += gapMs;
        samples = addSample(samples, { atMs, bytes: atMs });
      }
      assert.ok(samples.length <= 52);
      assert.ok(samples.slice(1).every((sample) => sample.atMs > atMs - 5000));
    }),
  );
});
