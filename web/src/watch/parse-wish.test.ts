import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseWish } from './parse-wish.ts';

test('without a query the player uses HLS and waits for the viewer', () => {
  assert.deepEqual(parseWish(''), { tech: 'hls', autoplay: false, muted: false });
});

test('the query chooses DASH, a start by itself and silence', () => {
  assert.deepEqual(parseWish('?tech=dash&autoplay=1&muted'), { tech: 'dash', autoplay: true, muted: true });
});

test('what is not understood changes nothing', () => {
  assert.deepEqual(parseWish('?tech=flash&autoplay=0&muted=no'), { tech: 'hls', autoplay: false, muted: false });
});
