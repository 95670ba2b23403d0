import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  formatAge,
  formatBitrate,
  formatBytes,
  formatDuration,
  formatFrameRate,
  formatLanguage,
  formatPercent,
  formatRemaining,
  formatSize,
  formatSpan,
  formatSpeed,
  spokenDuration,
} from './format.ts';

test('bytes are written in the largest unit that keeps the number above one', () => {
  const texts = [0, 999, 1000, 1_234_567, 123_456_789, 999_999, 5e9, 3e12].map(formatBytes);
  assert.deepEqual(texts, ['0 B', '999 B', '1 kB', '1.2 MB', '123 MB', '1 MB', '5 GB', '3 TB']);
});

test('no number of bytes is written with more than four characters before its unit', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 9e14 }), (bytes) => {
      assert.match(formatBytes(bytes), /^(\d{1,3}|\d{1,2}\.\d) (B|kB|MB|GB|TB)$/);
    }),
  );
});

test('bitrates and speeds carry their unit', () => {
  assert.equal(formatBitrate(820_000), '820 kbit/s');
  assert.equal(formatBitrate(4_512_000), '4.5 Mbit/s');
  assert.equal(formatSpeed(12_400_000.7), '12.4 MB/s');
});

test('a duration reads as on a player', () => {
  assert.deepEqual([0, 7.4, 59.6, 754, 3723].map(formatDuration), ['0:00', '0:07', '1:00', '12:34', '1:02:03']);
});

test('a duration is spoken in words, without empty units', () => {
  assert.deepEqual([0, 1, 60, 3723].map(spokenDuration), [
    '0 seconds',
    '1 second',
    '1 minute',
    '1 hour 2 minutes 3 seconds',
  ]);
});

test('the remaining time is told in one unit', () => {
  assert.deepEqual([0.3, 12.2, 61, 5400].map(formatRemaining), [
    'almost done',
    '13 s left',
    '2 min left',
    '1.5 h left',
  ]);
});

test('an age turns into a date after a day', () => {
  const iso = '2026-03-01T12:00:00.000Z';
  const after = (seconds: number) => formatAge(iso, Date.parse(iso) + seconds * 1000);
  assert.deepEqual([-5, 30, 90, 7300].map(after), ['just now', 'just now', '1 min ago', '2 h ago']);
  assert.equal(after(200_000), '1 Mar 2026');
});

test('a hundred percent is said only of what is complete', () => {
  assert.deepEqual([-1, 0, 0.999, 1, 2].map(formatPercent), ['0%', '0%', '99%', '100%', '100%']);
});

test('frame rates keep two decimals only where they say something', () => {
  assert.deepEqual([25, 29.97, 23.976, 50, 12.5].map(formatFrameRate), [
    '25 fps',
    '29.97 fps',
    '23.98 fps',
    '50 fps',
    '12.5 fps',
  ]);
});

test('a size of which one side is unknown is no size', () => {
  assert.equal(formatSize(1920, 1080), '1920 × 1080');
  assert.equal(formatSize(1920, null), null);
});

test('how long something took is said as exactly as matters', () => {
  const texts = [0.004, 0.37, 9.94, 9.96, 99.4, 200, 7300].map(formatSpan);
  assert.deepEqual(texts, ['0.00 s', '0.4 s', '9.9 s', '10 s', '99 s', '3:20', '2:01:40']);
});

test('languages go by their names', () => {
  const names = ['de', 'pt-BR', 'und', 'no tag'].map(formatLanguage);
  assert.deepEqual(names, ['German', 'Brazilian Portuguese', 'Unknown language', 'no tag']);
});
