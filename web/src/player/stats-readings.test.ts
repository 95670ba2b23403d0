import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SegmentNote } from './playback-notes.ts';
import { bufferAhead, type Readings, segmentTitle, statRows } from './stats-readings.ts';

const NOTE: SegmentNote = {
  rendition: 'v720',
  segment: 3,
  bytes: 345_600,
  loadMs: 23.4,
  cache: 'miss',
  edge: 'edge-2',
};
const READINGS: Readings = {
  sessionId: '40frnw934kxvg6vw',
  segments: [NOTE, { ...NOTE, rendition: 'a-en', cache: 'hit', edge: '' }, { ...NOTE, rendition: 'a-en', cache: '' }],
  widthPx: 1280,
  heightPx: 720,
  bufferSeconds: 12.34,
  throughputBps: 8_400_000,
  frames: 250,
  droppedFrames: 2,
};

test('the statistics name the session, its edge, what is shown and loaded, and how the cache answered', () => {
  assert.deepEqual(Object.fromEntries(statRows(READINGS)), {
    Session: '40frnw934kxvg6vw',
    Edge: 'edge-2',
    Shown: '1280 × 720',
    Loading: 'v720, segment 3',
    Buffer: '12.3 s',
    Throughput: '8.4 Mbit/s',
    Dropped: '2 of 250 frames',
    Cache: '1 miss, 1 hit, 1 unknown',
  });
});

test('what is not known yet is a dash', () => {
  const none = { ...READINGS, sessionId: '', segments: [], widthPx: 0, heightPx: 0, throughputBps: undefined };
  const unknown = statRows(none).filter(([, value]) => value === '–');
  assert.deepEqual(
    unknown.map(([name]) => name),
    ['Session', 'Edge', 'Shown', 'Loading', 'Throughput', 'Cache'],
  );
});

test('a segment is told in one line', () => {
  assert.equal(segmentTitle(NOTE), 'v720 3: miss, 346 kB in 23 ms');
});

test('only what lies ahead without a gap is buffer', () => {
  const ranges = [
    [0, 4],
    [6, 10],
  ] as const;
  assert.deepEqual(
    [1, 4, 5, 7, 10].map((seconds) => bufferAhead(ranges, seconds)),
    [3, 0, 0, 3, 0],
  );
});
