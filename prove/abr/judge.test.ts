import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { changesBy, judge, type Story, type Switch } from './judge.ts';

const STARTS = [0, 4, 8, 12, 16, 20];
const switched = (from: string, to: string, segment: number): Switch => ({ from, to, segment });

/** Down at 8 s and up at 16 s, at 25 frames a second, each resize event 30 ms late. */
function story(over: Partial<Story> = {}): Story {
  const frame = (mediaSeconds: number, heightPx: number) => ({
    atMs: mediaSeconds * 1000,
    mediaSeconds,
    heightPx,
    afterSeconds: Math.max(0, mediaSeconds - 0.04),
  });
  const frames = [frame(0, 720), frame(8, 360), frame(16, 720)];
  const sizes = frames.map(({ atMs, mediaSeconds, heightPx }) => ({
    atMs: atMs + 30,
    mediaSeconds: mediaSeconds + 0.03,
    heightPx,
  }));
  const switches = [switched('v720', 'v360', 2), switched('v360', 'v720', 4)];
  return {
    switches,
    starts: STARTS,
    frameSeconds: 0.04,
    longestStallMs: 80,
    seen: { frames, sizes, samples: [], waits: [] },
    ...over,
  };
}
const complaints = (over: Partial<Story>): string => judge(story(over)).complaints.join('\n');

test('a switch down and one up that log and screen agree on are a proof', () => {
  const { downs, ups, pairs, complaints } = judge(story());
  assert.deepEqual([downs, ups, complaints], [1, 1, []]);
  assert.deepEqual(
    pairs.map(({ startSeconds, heightPx, apartSeconds }) => [startSeconds, heightPx, apartSeconds]),
    [
      [8, 360, 0],
      [16, 720, 0],
    ],
  );
});

test('a stand, a missing line, a line too many and another size are told in words', () => {
  assert.match(complaints({ longestStallMs: 1200 }), /^the picture stalled for 1200 ms$/);
  const [down, up] = story().switches;
  assert.match(
    complaints({ switches: [down!] }),
    /by the log the picture changes to 360 lines, on the screen to 360, 720/,
  );
  assert.match(complaints({ switches: [down!, up!, switched('v720', 'v480', 5)] }), /360, 720, 480 lines/);
  assert.match(complaints({ switches: [switched('v720', 'v240', 2), switched('v240', 'v720', 4)] }), /240, 720 lines/);
  const { seen } = story();
  assert.match(complaints({ seen: { ...seen, sizes: seen.sizes.slice(0, 2) } }), /by the resize events to 360$/);
  assert.match(complaints({ seen: { ...seen, frames: [] } }), /no frame was ever shown/);
});

test('a player that stays where it is, or goes one way only, has proven nothing', () => {
  const { frames, sizes } = story().seen;
  const seen = (count: number) => ({ ...story().seen, frames: frames.slice(0, count), sizes: sizes.slice(0, count) });
  assert.match(complaints({ switches: [], seen: seen(1) }), /never switched down\nthe player never switched up/);
  assert.match(complaints({ switches: story().switches.slice(0, 1), seen: seen(2) }), /^the player never switched up$/);
});

test('a change of the picture away from the start of its segment is told, also where frames were left out', () => {
  const { seen } = story();
  const at = (mediaSeconds: number, afterSeconds: number) => ({
    seen: { ...seen, frames: seen.frames.with(1, { atMs: 8000, heightPx: 360, mediaSeconds, afterSeconds }) },
  });
  assert.equal(complaints(at(8.4, 7.9)), '');
  assert.equal(complaints(at(7.95, 7.91)), '');
  assert.equal(complaints(at(8.16, 8.04)), '');
  assert.match(complaints(at(8.24, 8.2)), /changed 0\.240 s away from the start of segment 2/);
  assert.match(complaints(at(7.8, 7.76)), /changed 0\.200 s away/);
  assert.match(complaints(at(9.2, 7.9)), /nothing was shown for 1\.30 s/);
});

test("a short stand is a stall where the player had run dry, and the machine's where it had not", () => {
  const { seen } = story();
  const sample = (mediaSeconds: number, bufferSeconds: number) => ({
    atMs: 0,
    mediaSeconds,
    bufferSeconds,
    heightPx: 0,
  });
  const play = (bufferSeconds: number) => ({
    seen: {
      ...seen,
      samples: [sample(0, 0), sample(5, 9), sample(9, bufferSeconds), sample(23.5, 0.5), sample(24, 0)],
    },
  });
  assert.match(
    complaints({ ...play(0.2), longestStallMs: 400 }),
    /stalled for 400 ms, and the player had as little as 0\.2 s/,
  );
  assert.equal(complaints({ ...play(0.2), longestStallMs: 200 }), '');
  assert.equal(complaints({ ...play(6), longestStallMs: 400 }), '');
  assert.equal(complaints({ ...play(6), longestStallMs: 1100 }), 'the picture stalled for 1100 ms');
});

test('sizes that the page is told before the first frame, and twice, are no changes', () => {
  const { seen } = story();
  const [first] = seen.sizes;
  const early = [240, 720, 360].map((heightPx) => ({ ...first!, atMs: -5, heightPx }));
  assert.equal(complaints({ seen: { ...seen, sizes: [...early, first!, ...seen.sizes] } }), '');
});

test('what was asked for and not reached before the viewer left is not held against the screen', () => {
  const { seen, switches } = story();
  const left = { ...seen, samples: [{ atMs: 0, mediaSeconds: 19, bufferSeconds: 9, heightPx: 720 }] };
  const asked = [...switches, switched('v720', 'v360', 5)];
  assert.equal(complaints({ switches: asked, seen: left }), '');
  const stayed = { ...seen, samples: [{ atMs: 0, mediaSeconds: 21, bufferSeconds: 9, heightPx: 720 }] };
  assert.match(complaints({ switches: asked, seen: stayed }), /360, 720, 360 lines/);
});

test('what a player asked for and took back is not shown', () => {
  const tested = [switched('v240', 'v720', 0), switched('v720', 'v360', 3), switched('v360', 'v720', 3)];
  assert.deepEqual(changesBy(tested), []);
  const twice = [switched('v720', 'v360', 3), switched('v360', 'v240', 3), switched('v240', 'v360', 4)];
  assert.deepEqual(changesBy(twice), [switched('v720', 'v240', 3), switched('v240', 'v360', 4)]);
});

test('whatever is asked for in whatever order, the last word on each segment is what is shown', () => {
  const rendition = fc.constantFrom('v240', 'v360', 'v720');
  const asked = fc.array(fc.record({ to: rendition, segment: fc.nat({ max: 8 }) }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(rendition, asked, (first, requests) => {
      const last: string[] = Array(10).fill(first);
      const switches: Switch[] = [];
      let from = first;
      for (const { to, segment } of requests) {
        if (to !== from) switches.push({ from, to, segment });
        if (to !== from) last.fill(to, segment);
        from = to;
      }
      const changes = changesBy(switches);
      const shown = [...last.keys()].map(
        (segment) => changes.findLast((change) => change.segment <= segment)?.to ?? changes[0]?.from ?? last[0],
      );
      assert.deepEqual(shown, last);
    }),
  );
});
