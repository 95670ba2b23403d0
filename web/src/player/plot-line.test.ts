import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plotLine } from './plot-line.ts';

const BOX = { widthPx: 100, heightPx: 40, samples: 5 };

test('the last sample stands at the right edge and the largest at the top', () => {
  assert.equal(plotLine([0, 10, 5], BOX), '50,40 75,0 100,20');
});

test('only as many samples are drawn as fit, and none that is unknown', () => {
  assert.equal(plotLine([9, 9, 1, 2, undefined, 4, 4], BOX), '0,30 25,20 75,0 100,0');
  assert.equal(plotLine([], BOX), '');
  assert.equal(plotLine([0], BOX), '100,40');
});
