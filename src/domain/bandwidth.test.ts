import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { measureBandwidth, secondsOf } from './bandwidth.ts';
import type { StoredRendition } from './tasks.ts';

const TIMESCALE = 1_000;
const rendition = (segments: readonly { seconds: number; sizeBytes: number }[]): StoredRendition => ({
  rendition: 'v360',
  codec: 'avc1.64001e',
  timescale: TIMESCALE,
  initSha256: 'ab'.repeat(32),
  initSizeBytes: 800,
  segments: segments.map(({ seconds, sizeBytes }, segment) => {
    return { segment, sizeBytes, durationTicks: seconds * TIMESCALE };
  }),
});

test('the peak is that of the largest segment, the average that of all', () => {
  const made = rendition([
    { seconds: 4, sizeBytes: 1_000 },
    { seconds: 4, sizeBytes: 3_000 },
  ]);
  assert.deepEqual(measureBandwidth(made), { peakBps: 6_000, averageBps: 4_000 });
  assert.equal(secondsOf(made), 8);
});

test('a short last segment is measured with the one before it', () => {
  const short = rendition([
    { seconds: 4, sizeBytes: 4_000 },
    { seconds: 1, sizeBytes: 4_000 },
  ]);
  assert.equal(measureBandwidth(short).peakBps, 12_800);
  const half = rendition([
    { seconds: 4, sizeBytes: 4_000 },
    { seconds: 2, sizeBytes: 4_000 },
  ]);
  assert.equal(measureBandwidth(half).peakBps, 16_000);
});

test('the average never exceeds the peak, and no segment of full length the peak', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 5_000_000 }), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(sizes, fc.integer({ min: 1, max: 4_000 }), (bytes, lastMs) => {
      const made = rendition(
        bytes.map((sizeBytes, i) => ({ sizeBytes, seconds: i === bytes.length - 1 ? lastMs / 1_000 : 4 })),
      );
      const { peakBps, averageBps } = measureBandwidth(made);
      assert.ok(averageBps <= peakBps);
      for (const sizeBytes of bytes.slice(0, -1)) assert.ok(sizeBytes * 2 <= peakBps);
    }),
  );
});

test('rates of the longest video, a day, are measured as well', () => {
  const many = Array.from({ length: 21_600 }, () => ({ seconds: 4, sizeBytes: 4_000 }));
  assert.deepEqual(measureBandwidth(rendition(many)), { peakBps: 8_000, averageBps: 8_000 });
});
