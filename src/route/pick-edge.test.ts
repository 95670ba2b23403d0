import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { shortIdFrom, type VideoId } from '../domain/ids.ts';
import { homeTag, type KnownEdge, pickHome, rankEdges, type Standing } from './pick-edge.ts';

const edge = (n: number, standing: Standing = 'healthy', share = 1): KnownEdge => ({
  name: `edge-${n}`,
  url: `http://127.0.0.1:${8100 + n}`,
  standing,
  share,
});
const videos = Array.from(
  { length: 2000 },
  (_, i) => shortIdFrom(new Uint8Array(10).fill(i % 251, 0, 5).fill(i >> 3, 5)) as VideoId,
);
const anyVideo = fc.uint8Array({ minLength: 10, maxLength: 10 }).map((bytes) => shortIdFrom(bytes) as VideoId);
const anyStanding = fc.constantFrom<Standing>('healthy', 'draining', 'out');
const anyEdges = fc
  .uniqueArray(fc.integer({ min: 1, max: 99 }), { minLength: 1, maxLength: 8 })
  .chain((numbers) => fc.tuple(...numbers.map((n) => anyStanding.map((standing) => edge(n, standing)))));
const ORDER: readonly Standing[] = ['healthy', 'draining', 'out'];

test('every edge is named once: the healthy first, then those that drain, then those that are out', () => {
  fc.assert(
    fc.property(anyEdges, anyVideo, (edges, videoId) => {
      const ranked = rankEdges(edges, { videoId });
      assert.deepEqual(new Set(ranked), new Set(edges));
      assert.equal(ranked.length, edges.length);
      const places = ranked.map(({ standing }) => ORDER.indexOf(standing));
      assert.deepEqual(
        places,
        places.toSorted((a, b) => a - b),
      );
    }),
  );
});

test('neither the order of the list nor the addresses matter, only the names', () => {
  fc.assert(
    fc.property(anyEdges, anyVideo, (edges, videoId) => {
      const moved = edges.map((one, i) => ({ ...one, url: `http://10.0.0.${i}:1` }));
      const names = (of: KnownEdge[]) => rankEdges(of, { videoId }).map(({ name }) => name);
      assert.deepEqual(names(edges.toReversed()), names(edges));
      assert.deepEqual(names(moved), names(edges));
    }),
  );
});

test('losing an edge moves only the videos that it served', () => {
  fc.assert(
    fc.property(anyEdges, anyVideo, (edges, videoId) => {
      const [best, ...rest] = rankEdges(edges, { videoId });
      const lost = rest.at(-1);
      fc.pre(lost !== undefined);
      const without = edges.filter((one) => one !== lost);
      assert.equal(rankEdges(without, { videoId })[0], best);
    }),
  );
});

test('a session stays where it was last, else where it began, while that edge is healthy, and only then', () => {
  fc.assert(
    fc.property(anyEdges, anyVideo, fc.nat(7), fc.nat(7), (edges, videoId, m, n) => {
      const [last, began] = [edges[m % edges.length]!, edges[n % edges.length]!];
      const [first] = rankEdges(edges, { videoId, last: last.name, home: homeTag(began.name) });
      if (last.standing === 'healthy') assert.equal(first, last);
      else if (began.standing === 'healthy') assert.equal(homeTag(first!.name), homeTag(began.name));
      else assert.equal(first, rankEdges(edges, { videoId })[0]);
    }),
  );
});

test('videos spread evenly over three edges', () => {
  const edges = [edge(1), edge(2), edge(3)];
  const counts = new Map(edges.map(({ name }) => [name, 0]));
  for (const videoId of videos) {
    const { name } = rankEdges(edges, { videoId })[0]!;
    counts.set(name, counts.get(name)! + 1);
  }
  // A fair share is a third; four standard deviations of the binomial are 84 of 2000.
  for (const count of counts.values())
    assert.ok(Math.abs(count - videos.length / 3) < 84, [...counts.values()].join(' '));
});

test('without edges nothing is picked', () => {
  assert.deepEqual(rankEdges([], { videoId: videos[0]! }), []);
  assert.equal(pickHome([], videos[0]!, { loadOf: () => 0, freeLoad: 10 }), undefined);
});

/** Begins so many sessions, one after the other, each of a video that is drawn anew. */
function begin(edges: KnownEdge[], drawn: readonly VideoId[], freeLoad: number): Map<string, number> {
  const loads = new Map(edges.map(({ name }) => [name, 0]));
  for (const videoId of drawn) {
    const { name } = pickHome(edges, videoId, { loadOf: (of) => loads.get(of)!, freeLoad })!;
    loads.set(name, loads.get(name)! + 1);
  }
  return loads;
}

test('no edge gets more than a quarter above the mean, however the sessions fall on the videos', () => {
  const drawn = fc.array(fc.nat(5), { minLength: 1, maxLength: 300 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 6 }), drawn, (count, picks) => {
      const edges = Array.from({ length: count }, (_, i) => edge(i));
      const wanted = picks.map((n) => videos[n]!);
      const most = Math.max(...begin(edges, wanted, 0).values());
      assert.ok(most <= Math.ceil((1.25 * picks.length) / count), `${most} of ${picks.length} on one of ${count}`);
    }),
  );
});

test('viewers of one video meet at one edge until that has something to do', () => {
  const edges = [edge(1), edge(2), edge(3)];
  const best = rankEdges(edges, { videoId: videos[0]! })[0]!.name;
  const few = begin(edges, Array(100).fill(videos[0]), 100);
  assert.equal(few.get(best), 100);
  const many = begin(edges, Array(3000).fill(videos[0]), 100);
  assert.ok(Math.max(...many.values()) <= 1250, [...many.values()].join(' '));
});

test('an edge that is warming up gets its share, the rest goes to the next', () => {
  const edges = [edge(1), edge(2), edge(3)];
  const video = videos.find((videoId) => rankEdges(edges, { videoId })[0]!.name === 'edge-2')!;
  const warming = [edge(1), edge(2, 'healthy', 0.1), edge(3)];
  assert.equal(begin(warming, Array(100).fill(video), 100).get('edge-2'), 10);
});

test('sessions begin at healthy edges only', () => {
  const edges = [edge(1, 'out'), edge(2, 'draining'), edge(3)];
  for (const videoId of videos.slice(0, 50))
    assert.equal(pickHome(edges, videoId, { loadOf: () => 0, freeLoad: 10 })?.name, 'edge-3');
});
