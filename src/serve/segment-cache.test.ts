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

test('the least recently used objects leave first, and the bytes stay within their bound', () => {
  const cache = createSegmentCache({ maxBytes: 40_000 });
  for (const segment of [0, 1, 2]) cache.set(keyOf(A, segment), objectOf(10_000));
  assert.ok(cache.get(keyOf(A, 0)));
  cache.set(keyOf(A, 3), objectOf(10_000));
  const held = [0, 1, 2, 3].filter((segment) => cache.get(keyOf(A, segment)));
  assert.deepEqual(held, [0, 2, 3]);
  assert.ok(cache.sizeBytes <= 40_000);
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
  assert.equal(cache.dropVideo(A), 2);
  assert.equal(cache.get(keyOf(A, 0)), undefined);
  assert.ok(cache.get(keyOf(B, 0)));
  assert.equal(cache.count, 2);
});
