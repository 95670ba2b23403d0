import assert from 'node:assert/strict';
import { test } from 'node:test';
import { etagMatches } from './etag.ts';

const CASES: readonly [string | undefined, boolean][] = [
  [undefined, false],
  ['"a1"', true],
  ['W/"a1"', true],
  ['"b", "a1"', true],
  ['*', true],
  ['"b"', false],
  ['a1', false],
  ['', false],
];

for (const [header, expected] of CASES) {
  test(`If-None-Match ${header} ${expected ? 'matches' : 'does not match'} "a1"`, () => {
    assert.equal(etagMatches(header, '"a1"'), expected);
  });
}
