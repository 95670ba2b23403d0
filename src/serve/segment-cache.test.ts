import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { VideoId } from '../domain/ids.ts';
import { segmentKey } from '../domain/object-keys.ts';
import { createSegmentCache } from './segment-cache.ts';

const [A, B] = ['aaaaaaaaaaaaaaaa' as VideoId, 'bbbbbbbbbbbbbbbb' as VideoId];
const keyOf = (videoId: VideoId, segment: number) => segmentKey({ videoId, generation: 1, rendition: 'v360', segment });
const objectOf = (bytes: number) => ({
  bytes: Buffer.alloc(bytes),
  etag: '"e"',
  head: [],
  readAtMs: 0,
  freshForMs: Infinity,
});

test('the bytes stay within their bound, and what was asked for once leaves before what was asked for again', () => {
  const cache = createSegmentCache({ maxBytes: 40_000 });
  for (const segment of [0, 1, 2]) cache.set(keyOf(A, segment), objectOf(10_000));
  assert.ok(cache.get(keyOf(A, 0)));
  cache.set(keyOf(A, 3), objectOf(10_000));
  const held = [0, 1, 2, 3].filter((segment) => cache.peek(keyOf(A, segment)));
  assert.deepEqual(held, [0, 2, 3]);
  assert.ok(cache.sizeBytes <= 40_000);
});

test('what read-ahead brought is told apart at its first use only, and that use does not yet prove it', () => {
  let unused = 0;
  const cache = createSegmentCache({ maxBytes: 40_000, onUnused: () => unused++ });
  for (const segment of [0, 1]) cache.set(keyOf(A, segment), objectOf(10_000), { isAhead: true });
  assert.equal(cache.get(keyOf(A, 0))?.cache, 'prefetched');
  for (const segment of [10, 11]) cache.set(keyOf(B, segment), objectOf(10_000));
  assert.equal(cache.peek(keyOf(A, 1)), undefined);
  assert.equal(unused, 1);
  assert.equal(cache.get(keyOf(A, 0))?.cache, 'hit');
  for (const segment of [12, 13, 14]) cache.set(keyOf(B, segment), objectOf(10_000));
  assert.ok(cache.peek(keyOf(A, 0)));
  assert.equal(unused, 1);
});

test('an object larger than the cache is not kept, and pushes nothing out', () => {
  const cache = createSegmentCache({ maxBytes: 40_000 });
  cache.set(keyOf(A, 0), objectOf(10_000));
  cache.set(keyOf(A, 1), objectOf(50_000));
  assert.equal(cache.get(keyOf(A, 1)), undefined);
  assert.ok(cache.get(keyOf(A, 0)));
});

test('dropping a video leaves the others', () => {
  const cache = createSegmentCache({ maxBytes: 1_000_000 });
  for (const segment of [0, 1]) for (const video of [A, B]) cache.set(keyOf(video, segment), objectOf(10));
  cache.dropVideo(A);
  assert.equal(cache.get(keyOf(A, 0)), undefined);
  assert.ok(cache.get(keyOf(B, 0)));
  assert.equal(cache.count, 2);
});
