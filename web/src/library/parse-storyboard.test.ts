import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { storyboardOf, storyboardVtt } from '../../../src/domain/storyboard.ts';
import { parseStoryboard, tileAt } from './parse-storyboard.ts';

const ADDRESS = 'http://localhost/play/a/s/g1/images/storyboard.vtt';

test('every picture that the server lists is found, each inside the sheet of a hundred', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20_000 }), fc.integer({ min: 2, max: 4000 }), (seconds, widthPx) => {
      const board = storyboardOf({ widthPx, heightPx: 720 }, seconds);
      const tiles = parseStoryboard(storyboardVtt(board, seconds), ADDRESS);
      assert.equal(tiles.length, board.tiles);
      assert.equal(new Set(tiles.map((tile) => JSON.stringify(tile))).size, board.tiles);
      for (const { xPx, yPx, widthPx, heightPx } of tiles) {
        assert.ok(xPx + widthPx <= 10 * board.tileWidthPx && yPx + heightPx <= 10 * board.tileHeightPx);
      }
    }),
  );
});

test('sheets stand beside the storyboard, wherever it was found', () => {
  const board = storyboardOf({ widthPx: 1920, heightPx: 1080 }, 30);
  const [first] = parseStoryboard(storyboardVtt(board, 30), ADDRESS);
  assert.equal(first?.sheet, 'http://localhost/play/a/s/g1/images/storyboard-000.jpg');
});

test('the place along the video picks its picture, also at and beyond the ends', () => {
  const tiles = parseStoryboard('WEBVTT\n\na.jpg#xywh=0,0,2,2\n\nb.jpg#xywh=0,0,2,2\n', ADDRESS);
  const names = [-0.1, 0, 0.49, 0.5, 1, 1.2].map((at) => tileAt(tiles, at)?.sheet.at(-5));
  assert.deepEqual(names, ['a', 'a', 'a', 'b', 'b', 'b']);
});

test('what is no storyboard has no pictures', () => {
  assert.equal(tileAt(parseStoryboard('<html>', ADDRESS), 0.5), undefined);
});
