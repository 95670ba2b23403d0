import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PaceReader, type PacketPace } from './packet-pace.ts';
import { steadySound } from './steady-sound.ts';

/** Packets whose times, in seconds, are rounded to ticks as a muxer does. */
function paceOf(seconds: readonly number[], ticksPerSecond: number, durationSeconds: number): PacketPace {
  const reader = new PaceReader();
  const at = (time: number): number => Math.round(time * ticksPerSecond);
  for (const time of seconds) reader.add(at(time), at(durationSeconds));
  return reader.pace;
}
const packets = (count: number, packetSeconds: number, from = 0): number[] =>
  Array.from({ length: count }, (_, i) => from + i * packetSeconds);
/** AAC at 44.1 kHz. */
const AAC_SECONDS = 1024 / 44_100;
const inMilliseconds = (...looks: readonly number[][]) =>
  steadySound({
    sampleRateHz: 44_100,
    ticksPerSecond: 1000,
    looks: looks.map((seconds) => paceOf(seconds, 1000, AAC_SECONDS)),
  });

test('times that are exact and without a gap need no putting right, whatever packets hold', () => {
  const reader = new PaceReader();
  let at = -1024;
  for (let i = 0; i < 5000; i++) {
    reader.add(at, 128 + 448 * (i % 3));
    at += 128 + 448 * (i % 3);
  }
  assert.deepEqual(steadySound({ sampleRateHz: 48_000, ticksPerSecond: 48_000, looks: [reader.pace] }), {
    packetSamples: 1,
    startSeconds: '-0.021333333',
  });
});

test('from rounded times the samples of a packet are found, at whatever rate and wherever it was looked at', () => {
  const rates = fc.constantFrom(8_000, 22_050, 44_100, 48_000);
  const sizes = fc.constantFrom(1024, 1152, 1536, 2048, 4608);
  fc.assert(
    fc.property(rates, sizes, fc.integer({ min: 100, max: 1_000_000 }), (rate, size, later) => {
      const each = size / rate;
      const times = [packets(700, each, 0.1), packets(60, each, 0.1 + later * each)];
      const looks = times.map((seconds) => paceOf(seconds, 1000, each));
      assert.deepEqual(steadySound({ sampleRateHz: rate, ticksPerSecond: 1000, looks }), {
        packetSamples: size,
        startSeconds: '0.100000000',
      });
    }),
  );
});

test('sound with a gap, a clock that drifts, or packets of several lengths is not steady', () => {
  const gap = [...packets(300, AAC_SECONDS), ...packets(300, AAC_SECONDS, 300 * AAC_SECONDS + 0.005)];
  assert.equal(inMilliseconds(gap), undefined);
  assert.equal(
    inMilliseconds(packets(600, AAC_SECONDS), packets(60, AAC_SECONDS, 1000 * AAC_SECONDS + 0.01)),
    undefined,
  );
  const drifting = packets(600, AAC_SECONDS * 1.0004);
  assert.equal(inMilliseconds(drifting), undefined);
  assert.equal(inMilliseconds(packets(600, AAC_SECONDS).filter((_, i) => i % 7 !== 3)), undefined);
  assert.notEqual(inMilliseconds(packets(600, AAC_SECONDS)), undefined);
});

test('of a few packets, or of packets hardly longer than a tick, nothing is said', () => {
  assert.equal(inMilliseconds(packets(10, AAC_SECONDS)), undefined);
  assert.equal(inMilliseconds([]), undefined);
  const looks = [paceOf(packets(600, 64 / 48_000), 1000, 64 / 48_000)];
  assert.equal(steadySound({ sampleRateHz: 48_000, ticksPerSecond: 1000, looks }), undefined);
});

test('of a million packets a few hundred are kept, from the first to near the last', () => {
  const { places } = paceOf(packets(1_000_000, AAC_SECONDS), 1000, AAC_SECONDS);
  assert.ok(places.length > 100 && places.length <= 256, `${places.length}`);
  assert.equal(places[0]?.index, 0);
  assert.ok((places.at(-1)?.index ?? 0) > 980_000);
});
