import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cueTime } from './captions.ts';
import { sheetCount, sheetName, storyboardOf, storyboardVtt } from './storyboard.ts';

const CUE = /^(\d+):(\d\d):(\d\d\.\d{3}) --> (\d+):(\d\d):(\d\d\.\d{3})\n(\S+)#xywh=(\d+),(\d+),(\d+),(\d+)$/gm;
const seconds = (h: string, m: string, s: string): number => Number(h) * 3600 + Number(m) * 60 + Number(s);

test('cues cover the whole video without gap, and name tiles that lie on a sheet', () => {
  const shown = fc.record({
    widthPx: fc.integer({ min: 16, max: 7680 }),
    heightPx: fc.integer({ min: 16, max: 4320 }),
  });
  fc.assert(
    fc.property(shown, fc.double({ min: 0.04, max: 86_400, noNaN: true }), (size, duration) => {
      const board = storyboardOf(size, duration);
      const cues = [...storyboardVtt(board, duration).matchAll(CUE)];
      assert.equal(cues.length, board.tiles);
      let reached = 0;
      for (const [, h1 = '', m1 = '', s1 = '', h2 = '', m2 = '', s2 = '', sheet, x, y, w, h] of cues) {
        assert.equal(seconds(h1, m1, s1), reached);
        reached = seconds(h2, m2, s2);
        assert.ok(Number(x) + Number(w) <= 10 * board.tileWidthPx && Number(y) + Number(h) <= 10 * board.tileHeightPx);
        assert.ok(Array.from({ length: sheetCount(board) }, (_, i) => sheetName(i)).includes(sheet ?? ''));
      }
      assert.ok(Math.abs(reached - duration) < 0.002, `${reached} of ${duration}`);
    }),
  );
});

test('however long the video is, there are at most three sheets', () => {
  assert.equal(sheetCount(storyboardOf({ widthPx: 1920, heightPx: 1080 }, 86_400)), 3);
  assert.equal(sheetCount(storyboardOf({ widthPx: 1920, heightPx: 1080 }, 12)), 1);
});

test('tiles keep the shape of the video', () => {
  assert.deepEqual(storyboardOf({ widthPx: 1920, heightPx: 1080 }, 60), {
    tileWidthPx: 160,
    tileHeightPx: 90,
    tiles: 60,
    secondsPerTile: 1,
  });
  assert.equal(storyboardOf({ widthPx: 1080, heightPx: 1920 }, 60).tileWidthPx, 90);
});

test('times are written as WebVTT wants them', () => {
  assert.equal(cueTime(0), '00:00:00.000');
  assert.equal(cueTime(3_725.5), '01:02:05.500');
  assert.equal(cueTime(360_000), '100:00:00.000');
});
