import assert from 'node:assert/strict';
import { test } from 'node:test';
import { capturedLog } from '../../test/fakes/captured-log.ts';
import { FragileStore } from '../../test/fakes/fragile-store.ts';
import { ManualClock } from '../../test/fakes/manual-clock.ts';
import { publishVideo, VIDEO } from '../../test/fakes/playable-video.ts';
import { eventually } from '../../test/support/eventually.ts';
import type { SessionId } from '../domain/ids.ts';
import { mediaPlaylistKey, playbackObject, segmentKey } from '../domain/object-keys.ts';
import { createLastSeen } from './last-seen.ts';
import { createLoader } from './load-object.ts';
import { createReadAhead } from './read-ahead.ts';
import { createReadObject } from './read-object.ts';
import { createSegmentCache } from './segment-cache.ts';

const object = (rest: string) => playbackObject(VIDEO, rest)!;
const segment = (n: number, rendition = 'v360') => object(`g1/${rendition}/${String(n).padStart(6, '0')}.m4s`);

type Wanted = ReturnType<typeof object>;
type Asking = { session?: string; named?: Wanted[]; before?: Wanted };

/** A video of twenty segments of 10 kB in two renditions, and an edge without its server. */
async function fixture({ maxBytes = 4_000_000, cacheBytes = 10_000_000 } = {}) {
  const store = new FragileStore();
  await publishVideo(store);
  for (const rendition of ['v360', 'v720'])
    for (let n = 0; n < 20; n++)
      await store.put(segmentKey({ videoId: VIDEO, generation: 1, rendition, segment: n }), Buffer.alloc(10_000, n), {
        contentType: 'video/iso.segment',
      });
  const clock = new ManualClock();
  const { log, lines } = capturedLog();
  const cache = createSegmentCache({ maxBytes: cacheBytes });
  let isUp = true;
  const read = createReadObject({
    store,
    disk: undefined,
    lastSeen: createLastSeen(undefined),
    clock,
    onStoreRead: () => {},
  });
  const loader = createLoader({ read, recall: async () => undefined, cache, clock, log });
  const outcomes: string[] = [];
  const onOutcome = (outcome: string): void => void outcomes.push(outcome);
  const readAhead = createReadAhead({ loader, cache, clock, log, isStoreUp: () => isUp, onOutcome, maxBytes });

  /** What an edge does for one request. */
  async function ask(wanted: Wanted, { session = 'a', named = [], before }: Asking = {}) {
    const { object: found, cache: outcome } = await loader.load(wanted);
    const sessionId = session as SessionId;
    const sizeBytes = found?.bytes.length ?? 0;
    readAhead({ session: { sessionId, videoId: VIDEO, expiresAtMs: 0 }, asked: wanted, sizeBytes, named, before });
    return outcome;
  }
  const idle = () => eventually('nothing is being read', () => loader.readsUnderWay === 0);
  const readOf = (wanted: ReturnType<typeof object>) => store.reads.filter((key) => key === wanted.key).length;
  const down = (): void => {
    isUp = false;
  };
  return { store, clock, cache, lines, outcomes, ask, idle, readOf, down };
}

test('a session that reads one segment after the other misses the first one only, and nothing is read twice', async () => {
  const { ask, idle, clock, store, lines } = await fixture();
  const seen: string[] = [];
  for (let n = 0; n < 20; n++) {
    seen.push(await ask(segment(n)));
    await idle();
    clock.advance(4000);
  }
  assert.deepEqual(seen, ['miss', ...Array.from({ length: 19 }, () => 'prefetched')]);
  assert.equal(new Set(store.reads).size, store.reads.length);
  const [line] = lines.filter(({ event }) => event === 'segment_prefetched');
  const { sessionId, videoId, kind, rendition, segment: number, reason, bytes, tier, durationMs } = line!;
  assert.deepEqual(
    { sessionId, videoId, kind, rendition, segment: number, reason, bytes, tier, durationMs },
    {
      sessionId: 'a',
      videoId: VIDEO,
      kind: 'segment',
      rendition: 'v360',
      segment: 1,
      reason: 'next',
      bytes: 10_000,
      tier: 'store',
      durationMs: 0,
    },
  );
});

test('a switch that its playlist announces costs no miss, and is written down', async () => {
  const { ask, idle, lines, store } = await fixture();
  await store.put(mediaPlaylistKey({ videoId: VIDEO, generation: 1, rendition: 'v720' }), Buffer.from('000019.m4s\n'), {
    contentType: 'x',
  });
  await ask(segment(4));
  await ask(object('g1/v720/index.m3u8'));
  await idle();
  assert.equal(await ask(segment(5, 'v720')), 'prefetched');
  await idle();
  assert.equal(await ask(segment(6, 'v720')), 'prefetched');
  const [change] = lines.filter(({ event }) => event === 'rendition_switched');
  assert.deepEqual([change?.from, change?.to, change?.segment], ['v360', 'v720', 5]);
});

test('a session that comes from another edge switches by what it asked for there, and not by what it asked for here once', async () => {
  const { ask, idle, lines } = await fixture();
  const switches = () => lines.flatMap(({ event, from, to }) => (event === 'rendition_switched' ? [[from, to]] : []));
  await ask(segment(6), { before: segment(5, 'v720') });
  assert.deepEqual(switches(), [['v720', 'v360']]);
  await ask(segment(12, 'v720'), { before: segment(11, 'v720') });
  await ask(segment(13, 'v720'));
  assert.equal(switches().length, 1);
  await idle();
  const reasons = lines.flatMap(({ event, reason }) => (event === 'segment_prefetched' ? [reason] : []));
  assert.deepEqual(new Set(reasons), new Set(['next', 'fast']));
});

test('what the player names is fetched', async () => {
  const { ask, idle, readOf } = await fixture();
  await ask(segment(4), { named: [segment(9, 'v720')] });
  await idle();
  assert.deepEqual([readOf(segment(9, 'v720')), readOf(segment(5))], [1, 0]);
  assert.equal(await ask(segment(9, 'v720')), 'prefetched');
});

test('what is held already is kept for the session that comes to it', async () => {
  const { ask, idle, cache, clock } = await fixture({ cacheBytes: 106_000 });
  await ask(segment(1), { session: 'before' });
  await idle();
  clock.advance(4000);
  await ask(segment(10), { session: 'other' });
  await idle();
  await ask(segment(0));
  await ask(segment(15), { session: 'another' });
  await idle();
  assert.ok(cache.peek(segment(1).key));
  assert.equal(cache.peek(segment(2).key), undefined);
});

test('many sessions at one place cause one read of the next segment', async () => {
  const { ask, idle, readOf } = await fixture();
  await Promise.all(Array.from({ length: 50 }, (_, i) => ask(segment(0), { session: `s${i}` })));
  await idle();
  assert.deepEqual([readOf(segment(0)), readOf(segment(1)), readOf(segment(2))], [1, 1, 0]);
});

test('nothing is asked for past the end that the playlist tells', async () => {
  const { ask, idle, store, readOf } = await fixture();
  await ask(object('g1/v360/index.m3u8'));
  await idle();
  await ask(segment(0));
  await idle();
  assert.deepEqual([readOf(segment(0)), readOf(segment(1))], [1, 0]);
  assert.equal(store.reads.length, 3);
});

test('a playlist that was read while the video grew tells no end later on; a finished one does at any age', async () => {
  const { ask, idle, clock, store, readOf } = await fixture();
  const write = (text: string) =>
    store.put(mediaPlaylistKey({ videoId: VIDEO, generation: 1, rendition: 'v360' }), Buffer.from(text), {
      contentType: 'x',
    });
  await write('000001.m4s\n');
  await ask(object('g1/v360/index.m3u8'));
  await idle();
  await ask(segment(1));
  await idle();
  assert.equal(readOf(segment(2)), 0);
  clock.advance(3_600_000);
  await ask(segment(1), { session: 'dash' });
  await idle();
  assert.equal(await ask(segment(2), { session: 'dash' }), 'prefetched');
  await write('000019.m4s\n#EXT-X-ENDLIST\n');
  await ask(object('g1/v360/index.m3u8'));
  clock.advance(3_600_000);
  await ask(segment(19), { session: 'dash' });
  await idle();
  assert.equal(readOf(segment(20)), 0);
});

test('without a playlist the end is asked for once, remembered for five seconds, and hidden from nobody', async () => {
  const { ask, idle, clock, readOf, store, outcomes } = await fixture();
  for (const session of ['a', 'b', 'c']) {
    await ask(segment(19), { session });
    await idle();
  }
  assert.equal(readOf(segment(20)), 1);
  assert.deepEqual(outcomes, ['missing']);
  clock.advance(5000);
  await ask(segment(19), { session: 'd' });
  await idle();
  assert.equal(readOf(segment(20)), 2);
  await store.put(segment(20).key, Buffer.from('late'), { contentType: 'x' });
  assert.equal(await ask(segment(20)), 'miss');
});

test('read-ahead is dropped, and that is told, when it is too much at once', async () => {
  const { ask, idle, store, clock, lines } = await fixture({ maxBytes: 25_000 });
  for (const n of [0, 5, 10, 15]) await ask(segment(n), { session: `s${n}` });
  await idle();
  store.held = new Promise(() => {});
  clock.advance(4000);
  for (const n of [1, 6, 11, 16]) await ask(segment(n), { session: `s${n}` });
  const dropped = lines.filter(({ event }) => event === 'prefetch_dropped');
  assert.deepEqual(
    dropped.map(({ segment: number, obstacle }) => [number, obstacle]),
    [
      [12, 'too_many_bytes'],
      [17, 'too_many_bytes'],
    ],
  );
});

test('one session has six reads ahead of it at most', async () => {
  const { ask, store, lines } = await fixture();
  for (const n of [0, 2, 4, 6, 8, 10, 12, 14]) await ask(segment(n), { session: 'other' });
  store.held = new Promise(() => {});
  for (const n of [2, 4, 6, 8, 10, 12, 14]) await ask(segment(n), { session: 'a', named: [segment(n, 'v720')] });
  const dropped = lines.filter(({ event }) => event === 'prefetch_dropped');
  assert.deepEqual(
    dropped.map(({ segment: number, obstacle }) => [number, obstacle]),
    [[14, 'too_many_for_session']],
  );
});

test('requests that wait for the store go first', async () => {
  const { ask, idle, store, clock, lines } = await fixture();
  await ask(segment(0));
  await idle();
  clock.advance(4000);
  store.held = new Promise(() => {});
  for (let n = 0; n < 32; n++) void ask(object(`g1/images/${n}.jpg`), { session: `s${n}` });
  await ask(segment(1));
  const dropped = lines.filter(({ event }) => event === 'prefetch_dropped');
  assert.deepEqual(
    dropped.map(({ segment: number, obstacle }) => [number, obstacle]),
    [[2, 'busy']],
  );
});

test('a store that is down is not asked for more than what is waited for', async () => {
  const { ask, idle, clock, down, lines, readOf } = await fixture();
  await ask(segment(0));
  await idle();
  clock.advance(4000);
  down();
  await ask(segment(1));
  assert.equal(readOf(segment(2)), 0);
  assert.deepEqual(
    lines.filter(({ event }) => event === 'prefetch_dropped').map(({ obstacle }) => obstacle),
    ['store_down'],
  );
});

test('a failure while reading ahead fails no request, and is told', async () => {
  const { ask, idle, store, lines } = await fixture();
  await ask(segment(0));
  await idle();
  store.isDown = true;
  assert.equal(await ask(segment(1)), 'prefetched');
  await idle();
  const [dropped] = lines.filter(({ event }) => event === 'prefetch_dropped');
  assert.deepEqual([dropped?.obstacle, dropped?.level], ['failed', 'warn']);
});
