import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { tinyAudioInit, tinyVideoInit } from '../../../test/support/tiny-media.ts';
import { type Box, boxesIn, findBox, needBox } from './box.ts';
import type { Fragment, Sample } from './fragment.ts';
import { progressiveHead } from './progressive.ts';
import { readFragments } from './read-fragments.ts';
import { SampleTable } from './sample-table.ts';

const anySample: fc.Arbitrary<Sample> = fc.record({
  durationTicks: fc.integer({ min: 1, max: 3 }),
  sizeBytes: fc.integer({ min: 0, max: 1_000 }),
  isSync: fc.boolean(),
  offsetTicks: fc.integer({ min: 0, max: 3 }),
});
const anyTrack = fc.array(fc.array(anySample, { minLength: 1, maxLength: 9 }), { minLength: 1, maxLength: 9 });

const sizeOf = (samples: readonly Sample[]): number => samples.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);

/** The fragments of a track, one behind the other from some tick on. */
function tableOf(track: readonly (readonly Sample[])[], startTicks = 500): SampleTable {
  const table = new SampleTable();
  let decodeTicks = startTicks;
  for (const samples of track) {
    table.add({ decodeTicks, samples });
    decodeTicks += samples.reduce((sum, { durationTicks }) => sum + durationTicks, 0);
  }
  return table;
}

const numbers = (head: Buffer, { body, end }: Box, from = 8): number[] =>
  Array.from({ length: (end - body - from) / 4 }, (_, i) => head.readUInt32BE(body + from + 4 * i));

const pairsOf = (list: readonly number[], step = 2): number[][] =>
  Array.from({ length: list.length / step }, (_, i) => list.slice(i * step, (i + 1) * step));

/** As a player does it: every sample's place in the file, from the boxes of one track. */
function samplesIn(head: Buffer, stbl: Box) {
  const box = (type: string): number[] => numbers(head, needBox(head, type, stbl));
  const expand = (list: readonly number[]): number[] =>
    pairsOf(list).flatMap(([count = 0, value = 0]) => new Array<number>(count).fill(value));
  const offsets = box('stco');
  const runs = pairsOf(box('stsc'), 3);
  const sizes = numbers(head, needBox(head, 'stsz', stbl), 12);
  const syncs = findBox(head, 'stss', stbl) ? new Set(box('stss')) : undefined;
  const later = findBox(head, 'ctts', stbl) ? expand(box('ctts')) : [];
  const durations = expand(box('stts'));
  let sample = 0;
  return offsets.flatMap((offset, chunk) => {
    const [, count = 0] = runs.findLast(([first = 0]) => first <= chunk + 1) ?? [];
    let at = offset;
    return Array.from({ length: count }, () => {
      const found = {
        at,
        sizeBytes: sizes[sample] ?? 0,
        durationTicks: durations[sample],
        offsetTicks: later[sample] ?? 0,
        isSync: syncs?.has(sample + 1) ?? true,
      };
      at += found.sizeBytes;
      sample += 1;
      return found;
    });
  });
}

test('every sample is found where it lies in the file, with its times, in two tracks of any shape', () => {
  fc.assert(
    fc.property(anyTrack, anyTrack, (picture, sound) => {
      const tracks = [
        { init: tinyVideoInit(10_000).bytes, table: tableOf(picture) },
        { init: tinyAudioInit(48_000).bytes, table: tableOf(sound) },
      ];
      const order = Array.from({ length: Math.max(picture.length, sound.length) }, (_, i) =>
        [picture, sound].flatMap((list, track) => (list[i] ? [{ track, samples: list[i] }] : [])),
      ).flat();
      const chunks = order.map(({ track, samples }) => ({ track, sizeBytes: sizeOf(samples) }));
      const head = progressiveHead(tracks, chunks);
      const moov = needBox(head.subarray(0, head.length - 8), 'moov');
      const traks = [...boxesIn(head, moov.body, moov.end)].filter(({ type }) => type === 'trak');
      assert.equal(traks.length, 2);
      let at = head.length;
      const expected: (Sample & { at: number })[][] = [[], []];
      for (const { track, samples } of order)
        for (const sample of samples) {
          expected[track]!.push({ ...sample, at });
          at += sample.sizeBytes;
        }
      for (const [i, trak] of traks.entries())
        assert.deepEqual(samplesIn(head, needBox(head, 'mdia/minf/stbl', trak)), expected[i]);
      assert.equal(head.readUInt32BE(head.length - 8), at - head.length + 8, 'the length of mdat');
    }),
    { numRuns: 60 },
  );
});

test('a file above 4 GiB has offsets of 64 bits', () => {
  const sample = { durationTicks: 1, sizeBytes: 2 ** 31, isSync: true, offsetTicks: 0 };
  const table = tableOf([[sample], [sample], [sample]]);
  const chunks = [1, 2, 3].map(() => ({ track: 0, sizeBytes: sample.sizeBytes }));
  const head = progressiveHead([{ init: tinyVideoInit(10_000).bytes, table }], chunks);
  const co64 = needBox(head.subarray(0, head.length - 16), 'moov/trak/mdia/minf/stbl/co64');
  const offsets = [0, 1, 2].map((i) => Number(head.readBigUInt64BE(co64.body + 8 + 8 * i)));
  assert.deepEqual(
    offsets,
    [0, 1, 2].map((i) => head.length + i * 2 ** 31),
  );
  assert.equal(Number(head.readBigUInt64BE(head.length - 8)), 3 * 2 ** 31 + 16);
});

test('a gap between fragments is an error, and so is a segment that is cut off', async () => {
  const samples = [{ durationTicks: 5, sizeBytes: 1, isSync: true, offsetTicks: 0 }];
  const table = new SampleTable();
  const add = (fragment: Fragment): void => table.add(fragment);
  add({ decodeTicks: 100, samples });
  assert.throws(() => add({ decodeTicks: 106, samples }), /at tick 106, not at 105/);
  const torn = Buffer.from([0, 0, 0, 20, ...Buffer.from('mdat')]);
  await assert.rejects(
    readFragments(torn.length, async (first, last) => torn.subarray(first, last + 1)),
    /broken MP4 box at byte 0/,
  );
});
