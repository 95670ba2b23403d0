import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ladderOf } from './ladder.ts';
import { titleLadder, trialSamples } from './title-ladder.ts';

const NTSC = { numerator: 30_000, denominator: 1001 };
const standard = ladderOf({ widthPx: 1920, heightPx: 1080, frameRate: NTSC });
const trialOf = (...ratesBps: number[]) => ({ widthPx: 640, heightPx: 360, ratesBps });

test('without a sample the standard ladder stands', () => {
  assert.deepEqual(titleLadder(standard, trialOf()), standard);
});

test('content of middling difficulty keeps every rung and about its cap', () => {
  const rungs = titleLadder(standard, trialOf(550_000, 600_000, 650_000));
  assert.equal(rungs.length, standard.length);
  rungs.forEach((rung, i) => {
    const ratio = rung.maxrateBps / (standard[i]?.maxrateBps ?? 0);
    assert.ok(ratio > 0.75 && ratio < 1.3, `${rung.rendition}: ${ratio}`);
  });
});

test('a talk with slides gets lower caps and fewer rungs', () => {
  const rungs = titleLadder(standard, trialOf(60_000, 50_000, 90_000));
  assert.deepEqual(
    rungs.map((rung) => [rung.rendition, rung.maxrateBps]),
    [
      ['v1080', 2_500_000],
      ['v720', 1_400_000],
      ['v480', 700_000],
      ['v240', 200_000],
    ],
  );
});

test('a river in the sun gets higher caps, within bounds', () => {
  const [top] = titleLadder(standard, trialOf(900_000, 2_500_000, 2_000_000));
  assert.equal(top?.maxrateBps, 8_750_000);
});

test('rungs that would all run into their caps at nearly the same rate are thinned out', () => {
  const close = [540, 480, 432].map((heightPx) => ({ widthPx: (heightPx * 16) / 9, heightPx, maxrateBps: 1_500_000 }));
  const kept = titleLadder(close, trialOf(400_000)).map((rung) => rung.heightPx);
  assert.deepEqual(kept, [540, 432]);
});

test('whatever the trial says: the largest and the smallest rung stay, caps stay in bounds and in order', () => {
  const rate = fc.integer({ min: 1, max: 100_000_000 });
  fc.assert(
    fc.property(fc.array(rate, { maxLength: 5 }), (rates) => {
      const rungs = titleLadder(standard, trialOf(...rates));
      assert.equal(rungs[0]?.rendition, standard[0]?.rendition);
      assert.equal(rungs.at(-1)?.rendition, standard.at(-1)?.rendition);
      for (const rung of rungs) {
        const before = standard.find(({ rendition }) => rendition === rung.rendition)?.maxrateBps ?? 0;
        assert.ok(rung.maxrateBps >= before / 2 && rung.maxrateBps <= before * 1.75);
      }
      for (let i = 1; i < rungs.length; i++)
        assert.ok((rungs[i - 1]?.maxrateBps ?? 0) >= (rungs[i]?.maxrateBps ?? 0), 'a larger rung has no lower cap');
    }),
  );
});

test('samples lie within the video, however short it is', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10_000_000 }), (frames) => {
      const samples = trialSamples({ frames, frameRate: NTSC });
      assert.ok(samples.length >= 1 && samples.length <= 3);
      for (const sample of samples)
        assert.ok(sample.firstFrame >= 0 && sample.frames >= 1 && sample.firstFrame + sample.frames <= frames);
    }),
  );
});
