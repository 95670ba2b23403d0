import assert from 'node:assert/strict';
import { test } from 'node:test';
import { capturedLog } from '../../test/fakes/captured-log.ts';
import { FragileStore } from '../../test/fakes/fragile-store.ts';
import { ManualClock } from '../../test/fakes/manual-clock.ts';
import { publishVideo, VIDEO } from '../../test/fakes/playable-video.ts';
import { mediaPlaylistKey, playbackObject } from '../domain/object-keys.ts';
import { createLoadObject } from './load-object.ts';
import { createSegmentCache } from './segment-cache.ts';

const SEGMENT = playbackObject(VIDEO, 'g1/v360/000000.m4s')!;
const NEXT = playbackObject(VIDEO, 'g1/v360/000001.m4s')!;
const PLAYLIST = playbackObject(VIDEO, 'g1/v360/index.m3u8')!;

async function fixture() {
  const store = new FragileStore();
  await publishVideo(store);
  const clock = new ManualClock();
  const outcomes: string[] = [];
  const cache = createSegmentCache({ maxBytes: 1_000_000 });
  const { log, lines } = capturedLog();
  const onStoreRead = (outcome: string): void => void outcomes.push(outcome);
  return { store, clock, outcomes, lines, load: createLoadObject({ store, cache, clock, log, onStoreRead }) };
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
  assert.match((await load(PLAYLIST)).object?.bytes.toString() ?? '', /ENDLIST/);
  await assert.rejects(load(NEXT), { code: 'store_unavailable' });
  assert.deepEqual(outcomes, ['ok', 'ok', 'failed', 'failed']);
  assert.deepEqual(
    lines.map((line) => line.event),
    ['store_read_failed'],
  );
});
