import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gridRate, parseRate } from './frame-rate.ts';

const CASES: readonly [what: string, base: string, average: string, grid: string][] = [
  ['NTSC stays exact', '30000/1001', '30000/1001', '30000/1001'],
  ['PAL stays exact', '25/1', '25/1', '25/1'],
  ['milliseconds of Matroska are seen through', '30000/1001', '2997/100', '30000/1001'],
  ['a field rate is not the frame rate', '60000/1001', '30000/1001', '30000/1001'],
  ['an unusual constant rate is kept', '18/1', '18/1', '18/1'],
  ['a phone that drops frames keeps its nominal rate', '30/1', '2985/100', '30/1'],
  ['a varying rate becomes the nearest standard one', '90000/1', '4123/100', '48/1'],
  ['120 frames per second are halved', '120/1', '120/1', '60/1'],
  ['a slide show repeats its pictures', '1/2', '1/2', '10/1'],
  ['a rate that nobody knows is 25', '0/0', '0/0', '25/1'],
];
for (const [what, base, average, grid] of CASES) {
  test(`${what}: ${base}, ${average} on average, is encoded at ${grid}`, () => {
    assert.deepEqual(gridRate(parseRate(base), parseRate(average)), parseRate(grid));
  });
}
