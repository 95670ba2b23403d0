import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ladderOf } from './ladder.ts';

const FPS_30 = { numerator: 30, denominator: 1 };
const sizes = (widthPx: number, heightPx: number): string[] =>
  ladderOf({ widthPx, heightPx, frameRate: FPS_30 }).map(
    (rung) => `${rung.rendition} ${rung.widthPx}x${rung.heightPx}`,
  );

test('a 4K source gets the five standard rungs', () => {
  assert.deepEqual(sizes(3840, 2160), [
    'v1080 1920x1080',
    'v720 1280x720',
    'v480 854x480',
    'v360 640x360',
    'v240 426x240',
  ]);
});

test('a portrait source gets the same rungs, counted by its shorter side', () => {
  assert.deepEqual(sizes(720, 1280), ['v720 720x1280', 'v480 480x854', 'v360 360x640', 'v240 240x426']);
});

test('a source clearly above a rung keeps its own size on top', () => {
  assert.deepEqual(sizes(1440, 900), [
    'v900 1440x900',
    'v720 1152x720',
    'v480 768x480',
    'v360 576x360',
    'v240 384x240',
  ]);
});

test('a source a little above a rung starts with that rung', () => {
  assert.deepEqual(sizes(872, 486), ['v480 862x480', 'v360 646x360', 'v240 430x240']);
});

test('a source below the lowest rung gets one rung of its own, even, size', () => {
  assert.deepEqual(sizes(177, 145), ['v144 176x144']);
});

test('more than 30 frames per second get half as much again', () => {
  const at = (numerator: number) =>
    ladderOf({ widthPx: 1920, heightPx: 1080, frameRate: { numerator, denominator: 1 } }).map(
      (rung) => rung.maxrateBps,
    );
  assert.deepEqual(at(30), [5_000_000, 2_800_000, 1_400_000, 800_000, 400_000]);
  assert.deepEqual(at(60), [7_500_000, 4_200_000, 2_100_000, 1_200_000, 600_000]);
});

test('any source gets even rungs that fall in size and rate, never scaled up, of its own shape', () => {
  const side = fc.integer({ min: 16, max: 6000 });
  fc.assert(
    fc.property(side, side, (widthPx, heightPx) => {
      const rungs = ladderOf({ widthPx, heightPx, frameRate: FPS_30 });
      assert.ok(rungs.length >= 1 && rungs.length <= 5);
      assert.equal(new Set(rungs.map((rung) => rung.rendition)).size, rungs.length);
      for (const [i, rung] of rungs.entries()) {
        assert.equal((rung.widthPx % 2) + (rung.heightPx % 2), 0);
        assert.ok(rung.widthPx <= widthPx && rung.heightPx <= heightPx && rung.maxrateBps > 0);
        assert.ok(Math.min(rung.widthPx, rung.heightPx) <= 1080);
        const above = rungs[i - 1];
        if (above) assert.ok(rung.heightPx < above.heightPx && rung.maxrateBps < above.maxrateBps);
        const ideal =
          (Math.min(rung.widthPx, rung.heightPx) * Math.max(widthPx, heightPx)) / Math.min(widthPx, heightPx);
        // Rounding to an even size, and up to one pixel of the source that an even size cannot hold.
        assert.ok(Math.abs(Math.max(rung.widthPx, rung.heightPx) - ideal) <= 2);
      }
    }),
  );
});
