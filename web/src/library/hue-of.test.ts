import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { hueOf } from './hue-of.ts';

test('every id has a hue of the calm range, and always the same one', () => {
  fc.assert(
    fc.property(fc.string(), (id) => {
      const hue = hueOf(id);
      assert.ok(hue >= 150 && hue < 290);
      assert.equal(hueOf(id), hue);
    }),
  );
});

test('ids that differ in one letter differ in their hue', () => {
  const hues = [...'0123456789abcdef'].map((letter) => hueOf(`000000000000000${letter}`));
  assert.ok(new Set(hues).size > 12);
});
