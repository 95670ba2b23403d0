import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MAX_POSITIONS, type Positions, parsePositions, positionOf, withPosition } from './resume-position.ts';

test('a video goes on where its viewer stopped', () => {
  const all = withPosition([['other', 9]], 'film', 61.7, 600);
  assert.equal(positionOf(all, 'film'), 61);
  assert.equal(positionOf(all, 'other'), 9);
  assert.equal(positionOf(all, 'unknown'), 0);
});

test('what is hardly begun or nearly finished begins anew', () => {
  const before: Positions = [['film', 61]];
  for (const [seconds, duration] of [
    [3, 600],
    [580, 600],
    [8, 12],
    [600, 600],
    [30, Number.NaN],
  ] as const)
    assert.deepEqual(withPosition(before, 'film', seconds, duration), [], `${seconds} of ${duration}`);
});

test('the latest positions are kept, and no more than fit', () => {
  let all: Positions = [];
  for (let i = 0; i < 300; i++) all = withPosition(all, `v${i}`, 30, 600);
  assert.equal(all.length, MAX_POSITIONS);
  assert.equal(positionOf(all, 'v299'), 30);
});

test('whatever stands in the storage is read as positions', () => {
  assert.deepEqual(parsePositions('[["a",5],["b"],7,["c",null],[3,4]]'), [['a', 5]]);
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      for (const [id, seconds] of parsePositions(text)) assert.ok(typeof id === 'string' && Number.isFinite(seconds));
    }),
  );
});
