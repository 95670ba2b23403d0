import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hitRatio } from './hit-ratio.ts';

const NOTHING = { hit: 0, prefetched: 0, miss: 0, coalesced: 0, none: 0 };

test('what was held or brought in time is a hit, what waited for a read is none, refusals do not count', () => {
  assert.equal(hitRatio({ hit: 5, prefetched: 1, miss: 1, coalesced: 1, none: 100 }), 0.75);
});

test('before the first request there is no ratio', () => {
  assert.equal(hitRatio({ ...NOTHING, none: 3 }), null);
});
