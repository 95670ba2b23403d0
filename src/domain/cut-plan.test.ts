import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cutIntoChunks, framesOfSegment, gridOf, secondsOf, segmentCount } from './cut-plan.ts';

const RATES = [
  { numerator: 24_000, denominator: 1001 },
  { numerator: 25, denominator: 1 },
  { numerator: 30_000, denominator: 1001 },
  { numerator: 30, denominator: 1 },
  { numerator: 60_000, denominator: 1001 },
  { numerator: 145, denominator: 4 },
  { numerator: 5, denominator: 1 },
] as const;

const anyVideo = fc.record({ frameRate: fc.constantFrom(...RATES), frames: fc.integer({ min: 1, max: 500_000 }) });

test('a segment at 29.97 frames per second lasts 4.004 s, in whole frames and ticks', () => {
  assert.deepEqual(gridOf({ frameRate: { numerator: 30_000, denominator: 1001 }, frames: 1799 }), {
    frameRate: { numerator: 30_000, denominator: 1001 },
    frames: 1799,
    gopFrames: 60,
    segmentFrames: 120,
    timescale: 30_000,
    ticksPerFrame: 1001,
    delayTicks: 2002,
  });
});

test('a small frame rate gets a finer timescale', () => {
  const { timescale, ticksPerFrame } = gridOf({ frameRate: { numerator: 25, denominator: 1 }, frames: 100 });
  assert.deepEqual({ timescale, ticksPerFrame }, { timescale: 10_000, ticksPerFrame: 400 });
});

test('a tick grid runs at exactly the frame rate, with segments of about 4 s', () => {
  fc.assert(
    fc.property(anyVideo, (video) => {
      const grid = gridOf(video);
      assert.equal(grid.timescale * video.frameRate.denominator, grid.ticksPerFrame * video.frameRate.numerator);
      assert.ok(grid.timescale >= 10_000);
      assert.ok(Math.abs(secondsOf(grid, grid.segmentFrames) - 4) <= 0.2);
      assert.equal(grid.segmentFrames % grid.gopFrames, 0);
    }),
  );
});

test('chunks cover every frame once, in order, in at most four segments each', () => {
  fc.assert(
    fc.property(anyVideo, (video) => {
      const grid = gridOf(video);
      let frame = 0;
      for (const [i, chunk] of cutIntoChunks(grid).entries()) {
        assert.equal(chunk.chunk, i);
        assert.equal(chunk.firstFrame, frame);
        assert.equal(chunk.firstFrame, chunk.firstSegment * grid.segmentFrames);
        assert.ok(chunk.frames >= 1 && chunk.frames <= 4 * grid.segmentFrames);
        frame += chunk.frames;
      }
      assert.equal(frame, video.frames);
    }),
  );
});

test('a video of four segments or more is cut into at least four chunks', () => {
  fc.assert(
    fc.property(anyVideo, (video) => {
      const grid = gridOf(video);
      assert.ok(cutIntoChunks(grid).length >= Math.min(4, segmentCount(grid)));
    }),
  );
});

test('chunks begin with at most two segments, grow, and shrink to one segment again', () => {
  fc.assert(
    fc.property(anyVideo, (video) => {
      const grid = gridOf(video);
      const counts = cutIntoChunks(grid).map(({ frames }) => Math.ceil(frames / grid.segmentFrames));
      assert.ok(counts.slice(0, 2).every((count) => count <= 2));
      assert.equal(counts.at(-1), 1);
      const largest = counts.indexOf(Math.max(...counts));
      const isSorted = (part: number[]): boolean => part.every((count, i) => i === 0 || count >= (part[i - 1] ?? 0));
      assert.ok(
        isSorted(counts.slice(0, largest + 1)) && isSorted(counts.slice(largest).toReversed()),
        counts.join(' '),
      );
    }),
  );
});

test('only the last segment may be shorter than the others', () => {
  fc.assert(
    fc.property(anyVideo, (video) => {
      const grid = gridOf(video);
      const last = segmentCount(grid) - 1;
      const lastFrames = framesOfSegment(grid, last);
      assert.ok(lastFrames >= 1 && lastFrames <= grid.segmentFrames);
      assert.equal(last * grid.segmentFrames + lastFrames, video.frames);
      if (last > 0) assert.equal(framesOfSegment(grid, 0), grid.segmentFrames);
    }),
  );
});
