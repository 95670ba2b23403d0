import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { shortIdFrom, type VideoId } from '../domain/ids.ts';
import { type Edge, pickEdges } from './pick-edge.ts';

const edge = (n: number, isHealthy = true): Edge => ({ url: `http://127.0.0.1:${8100 + n}`, isHealthy });
const videos = Array.from(
  { length: 2000 },
  (_, i) => shortIdFrom(new Uint8Array(10).fill(i % 251, 0, 5).fill(i >> 3, 5)) as VideoId,
);
const anyVideo = fc.uint8Array({ minLength: 10, maxLength: 10 }).map((bytes) => shortIdFrom(bytes) as VideoId);
const anyEdges = fc
  .uniqueArray(fc.integer({ min: 1, max: 99 }), { minLength: 1, maxLength: 8 })
  .chain((ports) => fc.tuple(...ports.map((port) => fc.boolean().map((isHealthy) => edge(port, isHealthy)))));

test('every edge is named once, the healthy ones before those that are out', () => {
  fc.assert(
    fc.property(anyEdges, anyVideo, (edges, video) => {
      const picked = pickEdges(edges, video);
      assert.deepEqual(new Set(picked), new Set(edges));
      assert.equal(picked.length, edges.length);
      const standings = picked.map((one) => one.isHealthy);
      assert.deepEqual(
        standings,
        standings.toSorted((a, b) => Number(b) - Number(a)),
      );
    }),
  );
});

test('the order in which edges are listed does not matter', () => {
  fc.assert(
    fc.property(anyEdges, anyVideo, (edges, video) => {
      assert.deepEqual(pickEdges(edges.toReversed(), video), pickEdges(edges, video));
    }),
  );
});

test('losing an edge moves only the videos that it served', () => {
  fc.assert(
    fc.property(anyEdges, anyVideo, (edges, video) => {
      const [best, ...rest] = pickEdges(edges, video);
      const lost = rest.at(-1);
      fc.pre(lost !== undefined);
      assert.equal(
        pickEdges(
          edges.filter((one) => one !== lost),
          video,
        )[0],
        best,
      );
    }),
  );
});

test('a session stays where it is while that edge is healthy, and only then', () => {
  fc.assert(
    fc.property(anyEdges, anyVideo, fc.nat(7), (edges, video, n) => {
      const sticky = edges[n % edges.length]!;
      const [first] = pickEdges(edges, video, sticky.url);
      if (sticky.isHealthy) assert.equal(first, sticky);
      else assert.equal(first, pickEdges(edges, video)[0]);
    }),
  );
});

test('videos spread evenly over three edges', () => {
  const edges = [edge(1), edge(2), edge(3)];
  const counts = new Map(edges.map(({ url }) => [url, 0]));
  for (const video of videos) {
    const { url } = pickEdges(edges, video)[0]!;
    counts.set(url, counts.get(url)! + 1);
  }
  // A fair share is a third; four standard deviations of the binomial are 84 of 2000.
  for (const count of counts.values())
    assert.ok(Math.abs(count - videos.length / 3) < 84, [...counts.values()].join(' '));
});

test('without edges nothing is picked', () => {
  assert.deepEqual(pickEdges([], videos[0]!), []);
});
