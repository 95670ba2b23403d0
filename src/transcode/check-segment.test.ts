import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tinyAudioInit, tinyAudioSegment, tinyVideoInit, tinyVideoSegment } from '../../test/support/tiny-media.ts';
import { audioBoundaries, planAudio } from '../domain/audio-plan.ts';
import { gridOf } from '../domain/cut-plan.ts';
import { checkAudioSegment, checkVideoSegment } from './check-segment.ts';

const grid = gridOf({ frameRate: { numerator: 25, denominator: 1 }, frames: 1234 });
const { track } = tinyVideoInit(grid.timescale);
const sound = { streamIndex: 1, codec: 'aac', channels: 2, sampleRateHz: 48_000, startSeconds: '0' };
const plan = planAudio({ ...sound, durationSeconds: 49.36 }, { grid, startSeconds: '0' });
const cut = { plan, boundaries: audioBoundaries(plan) };
const audioTrack = tinyAudioInit(plan.sampleRateHz).track;
const good = tinyVideoSegment(7, grid);
const check = (bytes: Buffer, segment = 7, of = grid): number => checkVideoSegment(bytes, segment, track, of);

test('a segment as planned is taken, the short last one too', () => {
  assert.equal(check(good.bytes), good.durationTicks);
  const last = tinyVideoSegment(12, grid);
  assert.equal(check(last.bytes, 12), 34 * grid.ticksPerFrame);
});

test('a torn segment is refused, wherever it is torn', () => {
  for (let length = 0; length < good.bytes.length; length += 7)
    assert.throws(() => check(good.bytes.subarray(0, length)), Error, `${length} bytes`);
});

test('rubbish is refused', () => {
  assert.throws(() => check(Buffer.alloc(0)));
  assert.throws(() => check(Buffer.from('<html>404</html>')));
  assert.throws(() => check(Buffer.concat([good.bytes, Buffer.from('and more')])));
  assert.throws(() => check(Buffer.concat([good.bytes, good.bytes])));
});

test('a segment of another place is refused', () => {
  assert.throws(() => check(good.bytes, 6), /starts at tick/);
  assert.throws(() => check(tinyVideoSegment(12, grid).bytes, 11), Error);
});

test('a segment of another grid is refused', () => {
  const other = gridOf({ frameRate: { numerator: 30, denominator: 1 }, frames: 1234 });
  assert.throws(() => check(good.bytes, 7, other), /timescale/);
  assert.throws(() => check(good.bytes, 7, { ...grid, delayTicks: 0 }), /not shown when/);
});

test('a segment that does not begin with an IDR is refused', () => {
  const IDR_SLICE = Buffer.from([0, 0, 0, 4, 0x65]);
  const bytes = Buffer.from(good.bytes);
  const at = bytes.indexOf(IDR_SLICE);
  bytes[at + 4] = 0x41;
  assert.throws(() => check(bytes), /without an IDR/);
});

test('sound is held against its plan, to the last sample', () => {
  const last = Math.floor(49.36 / 4);
  for (const segment of [0, 5, last]) {
    const { bytes, durationTicks } = tinyAudioSegment(segment, plan);
    assert.equal(checkAudioSegment(bytes, segment, audioTrack, cut), durationTicks);
    assert.throws(() => checkAudioSegment(bytes, segment + 1, audioTrack, cut));
    assert.throws(() => checkAudioSegment(bytes.subarray(0, -1), segment, audioTrack, cut));
  }
});
