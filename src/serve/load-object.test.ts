import assert from 'node:assert/strict';
import { test } from 'node:test';
import { capturedLog } from '../../test/fakes/captured-log.ts';
import { FragileStore } from '../../test/fakes/fragile-store.ts';
import { ManualClock } from '../../test/fakes/manual-clock.ts';
import { MemoryDisk } from '../../test/fakes/memory-disk.ts';
import { publishVideo, segmentBytes, VIDEO } from '../../test/fakes/playable-video.ts';
import { mediaPlaylistKey, type PlaybackObject, playbackObject } from '../domain/object-keys.ts';
import { createLastSeen } from './last-seen.ts';
import { createLoader } from './load-object.ts';
import { toCached } from './object-head.ts';
import { createReadObject } from './read-object.ts';
import { createSegmentCache } from './segment-cache.ts';

const SEGMENT = playbackObject(VIDEO, 'g1/v360/000000.m4s')!;
const NEXT = playbackObject(VIDEO, 'g1/v360/000001.m4s')!;
const PLAYLIST = playbackObject(VIDEO, 'g1/v360/index.m3u8')!;

async function fixture(seenBefore = new MemoryDisk()) {
  const store = new FragileStore();
  await publishVideo(store);
  const clock = new ManualClock();
  const outcomes: string[] = [];
  const cache = createSegmentCache({ maxBytes: 1_000_000 });
  const { log, lines } = capturedLog();
  const onStoreRead = (outcome: string): void => void outcomes.push(outcome);
  const disk = new MemoryDisk();
  const lastSeen = createLastSeen(seenBefore);
  const recall = async (wanted: PlaybackObject) => {
    const copy = await lastSeen.recall(wanted.key);
    return copy && toCached(wanted, copy, Number.NEGATIVE_INFINITY);
  };
  const read = createReadObject({ store, disk, lastSeen, clock, onStoreRead });
  const { load, ahead } = createLoader({ read, recall, cache, clock, log });
  return { store, clock, outcomes, lines, cache, disk, load, ahead };
}

test('the first request is a miss, later ones are hits that ask the store nothing', async () => {
  const { load, store, clock } = await fixture();
  assert.equal((await load(SEGMENT)).cache, 'miss');
  clock.advance(365 * 24 * 3600 * 1000);
  assert.equal((await load(SEGMENT)).cache, 'hit');
  assert.equal(store.reads.length, 1);
});

test('a hundred simultaneous requests for a cold segment are one miss, 99 coalesced, one read', async () => {
  const { load, store } = await fixture();
  const loaded = await Promise.all(Array.from({ length: 100 }, () => load(SEGMENT)));
  const outcomes = loaded.map(({ cache }) => cache);
  assert.equal(outcomes.filter((cache) => cache === 'miss').length, 1);
  assert.equal(outcomes.filter((cache) => cache === 'coalesced').length, 99);
  assert.equal(store.reads.length, 1);
  assert.equal(new Set(loaded.map(({ object }) => object?.bytes)).size, 1);
});

test('a missing segment is asked for again only after a second, and then found', async () => {
  const { load, store, clock } = await fixture();
  assert.equal((await load(NEXT)).object, undefined);
  await store.put(NEXT.key, Buffer.from('late'), { contentType: 'video/mp4' });
  assert.equal((await load(NEXT)).object, undefined);
  clock.advance(1000);
  assert.equal((await load(NEXT)).object?.bytes.toString(), 'late');
  assert.equal(store.reads.length, 2);
});

test('a growing playlist is read again after a second, a finished one after four', async () => {
  const { load, store, clock } = await fixture();
  const write = (text: string) =>
    store.put(mediaPlaylistKey({ videoId: VIDEO, generation: 1, rendition: 'v360' }), Buffer.from(text), {
      contentType: 'application/vnd.apple.mpegurl',
    });
  const read = async () => (await load(PLAYLIST)).object?.bytes.toString();
  await write('one');
  assert.equal(await read(), 'one');
  await write('one two #EXT-X-ENDLIST');
  assert.equal(await read(), 'one');
  clock.advance(1000);
  assert.equal(await read(), 'one two #EXT-X-ENDLIST');
  await write('new generation #EXT-X-ENDLIST');
  clock.advance(3999);
  assert.equal(await read(), 'one two #EXT-X-ENDLIST');
  clock.advance(1);
  assert.equal(await read(), 'new generation #EXT-X-ENDLIST');
});

test('while the store is down, what is held is served and what is not is store_unavailable', async () => {
  const { load, store, clock, outcomes, lines } = await fixture();
  await load(SEGMENT);
  await load(PLAYLIST);
  store.isDown = true;
  clock.advance(60_000);
  assert.equal((await load(SEGMENT)).cache, 'hit');
  const stale = await load(PLAYLIST);
  assert.match(stale.object?.bytes.toString() ?? '', /ENDLIST/);
  assert.equal(stale.isStale, true);
  assert.equal((await load(PLAYLIST)).isStale, true);
  await assert.rejects(load(NEXT), { code: 'store_unavailable' });
  assert.deepEqual(outcomes, ['ok', 'ok', 'failed', 'failed']);
  assert.deepEqual(
    lines.map((line) => line.event),
    ['store_read_failed'],
  );
});

test('a store that hangs holds up a known playlist for a moment only, and then for nobody for a second', async () => {
  const { load, store, clock } = await fixture();
  await load(PLAYLIST);
  clock.advance(60_000);
  const { promise, resolve } = Promise.withResolvers<void>();
  store.held = promise;
  // The moment is real time; this test ends only because the wait has a deadline.
  const alive = setInterval(() => {}, 1000);
  assert.equal((await load(PLAYLIST)).isStale, true);
  clearInterval(alive);
  assert.equal((await load(PLAYLIST)).isStale, true);
  resolve();
  store.held = undefined;
  clock.advance(1000);
  assert.equal((await load(PLAYLIST)).isStale, undefined);
});

test('what memory has dropped comes from the disk, which never gets a playlist', async () => {
  const { load, store, cache, disk } = await fixture();
  for (const wanted of [SEGMENT, PLAYLIST]) await load(wanted);
  assert.deepEqual([...disk.objects.keys()], [SEGMENT.key]);
  cache.dropVideo(VIDEO);
  const { cache: outcome, tier, object } = await load(SEGMENT);
  assert.deepEqual([outcome, tier, object?.bytes], ['hit', 'disk', segmentBytes()]);
  assert.equal(store.reads.length, 2);
});

test('while the store is down, what is on the disk is served', async () => {
  const { load, store, cache } = await fixture();
  await load(SEGMENT);
  cache.dropVideo(VIDEO);
  store.isDown = true;
  assert.equal((await load(SEGMENT)).tier, 'disk');
});

test('while the store hangs, reads of it have a bound, and what is on the disk is served all the same', async () => {
  const { load, store, cache } = await fixture();
  await load(SEGMENT);
  cache.dropVideo(VIDEO);
  store.held = new Promise(() => {});
  for (let n = 1; n <= 300; n++) load(playbackObject(VIDEO, `g1/images/${n}.jpg`)!).catch(() => {});
  await assert.rejects(load(NEXT), { code: 'store_unavailable' });
  assert.equal(store.reads.length, 1 + 256);
  assert.equal((await load(SEGMENT)).tier, 'disk');
});

test('what was read ahead is prefetched once and then a hit, and is never read twice', async () => {
  const { load, ahead, store } = await fixture();
  await ahead(SEGMENT);
  assert.equal(ahead(SEGMENT), undefined);
  assert.equal((await load(SEGMENT)).cache, 'prefetched');
  assert.equal((await load(SEGMENT)).cache, 'hit');
  assert.equal(store.reads.length, 1);
});

test('a request joins what is being read ahead, and read-ahead joins nothing', async () => {
  const { load, ahead, store } = await fixture();
  const early = ahead(SEGMENT);
  const asked = load(SEGMENT);
  assert.equal(ahead(SEGMENT), undefined);
  await early;
  assert.equal((await asked).cache, 'coalesced');
  assert.equal((await load(SEGMENT)).cache, 'hit');
  assert.equal(store.reads.length, 1);
});

test('what read-ahead does not find is not remembered as missing', async () => {
  const { load, ahead, store } = await fixture();
  assert.equal((await ahead(NEXT))?.object, undefined);
  await store.put(NEXT.key, Buffer.from('late'), { contentType: 'video/mp4' });
  assert.equal((await load(NEXT)).object?.bytes.toString(), 'late');
});

test('after a start while the store is away, a playlist is served as it was last seen, and called old', async () => {
  const disk = new MemoryDisk();
  const before = await fixture(disk);
  await before.load(PLAYLIST);
  const after = await fixture(disk);
  after.store.isDown = true;
  const first = await after.load(PLAYLIST);
  assert.deepEqual(
    [first.isStale, first.tier, first.object?.bytes],
    [true, 'disk', (await before.load(PLAYLIST)).object?.bytes],
  );
  await assert.rejects(after.load(SEGMENT), { code: 'store_unavailable' });
  after.store.isDown = false;
  after.clock.advance(1000);
  assert.equal((await after.load(PLAYLIST)).isStale, undefined);
});

test('a playlist that was removed is known to be missing for a second, and is not recalled any more', async () => {
  const disk = new MemoryDisk();
  const { load, store, clock } = await fixture(disk);
  await load(PLAYLIST);
  await store.delete(PLAYLIST.key);
  clock.advance(4000);
  for (let i = 0; i < 10; i++) assert.equal((await load(PLAYLIST)).object, undefined);
  assert.equal(store.reads.length, 2);
  assert.deepEqual([...disk.objects.keys()], []);
  clock.advance(1000);
  assert.equal((await load(PLAYLIST)).object, undefined);
  assert.equal(store.reads.length, 3);
});

test('a start while the store answers serves what the store has now, whatever was seen before', async () => {
  const disk = new MemoryDisk();
  await (await fixture(disk)).load(PLAYLIST);
  const after = await fixture(disk);
  await after.store.put(PLAYLIST.key, Buffer.from('#EXTM3U\n#newer\n'), { contentType: 'text/plain' });
  const { object, isStale } = await after.load(PLAYLIST);
  assert.deepEqual([object?.bytes.toString(), isStale], ['#EXTM3U\n#newer\n', undefined]);
});

test('a playlist is written down when it changed, and not each time that it is read again', async () => {
  const disk = new MemoryDisk();
  const { load, clock, store } = await fixture(disk);
  let writes = 0;
  const { replace } = MemoryDisk.prototype;
  disk.replace = (...args) => {
    writes++;
    replace.apply(disk, args);
  };
  for (let i = 0; i < 3; i++) {
    await load(PLAYLIST);
    clock.advance(4000);
  }
  assert.equal(writes, 1);
  await store.put(PLAYLIST.key, Buffer.from('#EXTM3U\n#newer\n'), { contentType: 'text/plain' });
  await load(PLAYLIST);
  assert.equal(writes, 2);
});
