import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cutIntoChunks, framesOfSegment, gridOf } from '../domain/cut-plan.ts';
import { missingSpan } from './chunk-rest.ts';

const grid = gridOf({ frameRate: { numerator: 25, denominator: 1 }, frames: 1234 });
const kept = (...segments: number[]) => ({
  segments: segments.map((segment) => ({ segment, sizeBytes: 1, durationTicks: 1 })),
});
const chunk = { chunk: 3, firstSegment: 4, firstFrame: 400, frames: 400 };

const SPANS: readonly [string, number[][], [number, number] | undefined][] = [
  ['nothing stands: the whole chunk', [[], []], [4, 7]],
  [
    'everything stands: nothing',
    [
      [4, 5, 6, 7],
      [4, 5, 6, 7],
    ],
    undefined,
  ],
  [
    'the start stands: from the first that is missing',
    [
      [4, 5],
      [4, 5],
    ],
    [6, 7],
  ],
  [
    'the end stands: up to the last that is missing',
    [
      [6, 7],
      [6, 7],
    ],
    [4, 5],
  ],
  ['one rung is ahead of another: what any of them lacks', [[4, 5, 6], [4]], [5, 7]],
  [
    'a hole: just the hole',
    [
      [4, 5, 7],
      [4, 6, 7],
    ],
    [5, 6],
  ],
];

for (const [name, rungs, span] of SPANS)
  test(`${name} is encoded`, () => {
    const rest = missingSpan(
      { grid, chunk },
      rungs.map((segments) => kept(...segments)),
    );
    const found = rest && [rest.firstSegment, rest.firstSegment + rest.frames / grid.segmentFrames - 1];
    assert.deepEqual(found, span);
    if (rest) assert.equal(rest.firstFrame, rest.firstSegment * grid.segmentFrames);
  });

test('what is encoded covers all that is missing, lies in the chunk and ends with it, whatever stands', () => {
  const chunks = cutIntoChunks(grid);
  const subset = fc.array(fc.nat(12), { maxLength: 12 });
  fc.assert(
    fc.property(fc.constantFrom(...chunks), fc.array(subset, { minLength: 1, maxLength: 3 }), (of, rungs) => {
      const end = of.firstFrame + of.frames;
      const segments = Array.from({ length: Math.ceil(of.frames / grid.segmentFrames) }, (_, i) => of.firstSegment + i);
      const missing = segments.filter((segment) => rungs.some((has) => !has.includes(segment)));
      const rest = missingSpan(
        { grid, chunk: of },
        rungs.map((has) => kept(...has)),
      );
      if (!rest) return assert.deepEqual(missing, []);
      const first = missing[0]!;
      const last = missing.at(-1)!;
      assert.equal(rest.firstFrame, first * grid.segmentFrames);
      assert.equal(rest.firstFrame + rest.frames, last * grid.segmentFrames + framesOfSegment(grid, last));
      assert.ok(rest.firstFrame >= of.firstFrame && rest.firstFrame + rest.frames <= end);
    }),
  );
});
