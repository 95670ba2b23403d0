import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FILTER_STATES, isFiltered, libraryPath, parseFilter } from './parse-filter.ts';

test('the address of a filter leads back to it, whatever was typed', () => {
  const filters = fc.record({
    q: fc.string({ unit: 'grapheme', maxLength: 100 }),
    state: fc.constantFrom(...FILTER_STATES, undefined),
  });
  fc.assert(
    fc.property(filters, (filter) => {
      const { search, pathname } = new URL(libraryPath(filter), 'http://localhost');
      assert.equal(pathname, '/');
      assert.deepEqual(parseFilter(search), { ...filter });
    }),
  );
});

test('a state that nobody knows and spaces alone filter nothing', () => {
  assert.equal(isFiltered(parseFilter('?state=lost&q=%20')), false);
  assert.equal(isFiltered(parseFilter('?state=failed')), true);
  assert.equal(isFiltered(parseFilter('?q=a')), true);
});
