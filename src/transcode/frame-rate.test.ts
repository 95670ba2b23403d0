import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gridRate, parseRate } from './frame-rate.ts';

test('the busiest second decides where times have no order, up to 60 frames', () => {
  const rate = (busiest: number) => gridRate(parseRate('1000/1'), parseRate('8/1'), busiest);
  assert.deepEqual([rate(31), rate(50), rate(144)], ['30/1', '48/1', '60/1'].map(parseRate));
});

test('a rate that no second reaches is a wrong guess', () => {
  assert.deepEqual(gridRate(parseRate('1000/17'), parseRate('1000/17'), 30), parseRate('30/1'));
});

const CASES: readonly [what: string, base: string, average: string, grid: string][] = [
  ['NTSC stays exact', '30000/1001', '30000/1001', '30000/1001'],
  ['PAL stays exact', '25/1', '25/1', '25/1'],
  ['milliseconds of Matroska are seen through', '30000/1001', '2997/100', '30000/1001'],
  ['a field rate is not the frame rate', '60000/1001', '30000/1001', '30000/1001'],
  ['an unusual constant rate is kept', '18/1', '18/1', '18/1'],
  ['a phone that drops frames keeps its nominal rate', '30/1', '2985/100', '30/1'],
  ['a rate that varies keeps the regular times it is made of', '25/1', '17/1', '25/1'],
  ['a rate that varies without any order becomes the standard one above', '90000/1', '4523/100', '48/1'],
  ['what is slow where one looks may be faster elsewhere', '1000/1', '8/1', '30/1'],
  ['120 frames per second are halved', '120/1', '120/1', '60/1'],
  ['100 frames per second are halved', '100/1', '100/1', '50/1'],
  ['a slide show repeats its pictures', '1/2', '1/2', '10/1'],
  ['a rate that nobody knows is 25', '0/0', '0/0', '25/1'],
];
for (const [what, base, average, grid] of CASES) {
  test(`${what}: ${base}, ${average} on average, is encoded at ${grid}`, () => {
    assert.deepEqual(gridRate(parseRate(base), parseRate(average)), parseRate(grid));
  });
}
