import assert from 'node:assert/strict';
import { test } from 'node:test';
import { capturedLog } from '../../test/fakes/captured-log.ts';
import { FragileStore } from '../../test/fakes/fragile-store.ts';
import { ManualClock } from '../../test/fakes/manual-clock.ts';
import { MemoryDisk } from '../../test/fakes/memory-disk.ts';
import { publishVideo, VIDEO } from '../../test/fakes/playable-video.ts';
import { eventually } from '../../test/support/eventually.ts';
import { multivariantKey, privateMarkKey } from '../domain/object-keys.ts';
import { createLastSeen } from './last-seen.ts';
import { createPublishedCheck } from './published-check.ts';

function fixture(disk = new MemoryDisk()) {
  const lastSeen = createLastSeen(disk);
  const store = new FragileStore();
  const clock = new ManualClock();
  const withdrawn: string[] = [];
  const { log, lines } = capturedLog();
  const onWithdrawn = (videoId: string): void => void withdrawn.push(videoId);
  const check = createPublishedCheck({ store, clock, log, onStoreRead: () => {}, onWithdrawn, lastSeen });
  const isPublished = async (videoId: typeof VIDEO) => (await check(videoId)).published;
  const isPrivate = async (videoId: typeof VIDEO) => (await check(videoId)).isPrivate;
  const looks = () => store.heads.filter((key) => key === multivariantKey({ videoId: VIDEO })).length;
  return { store, clock, withdrawn, lines, isPublished, isPrivate, looks };
}

test('a video without a published playlist is not playable, and is within a second of being published', async () => {
  const { store, clock, isPublished } = fixture();
  assert.equal(await isPublished(VIDEO), false);
  await publishVideo(store);
  assert.equal(await isPublished(VIDEO), false);
  clock.advance(1000);
  assert.equal(await isPublished(VIDEO), true);
});

test('a withdrawn video is refused after four seconds at the latest, and that is told once', async () => {
  const { store, clock, withdrawn, lines, isPublished } = fixture();
  await publishVideo(store);
  assert.equal(await isPublished(VIDEO), true);
  await store.delete(multivariantKey({ videoId: VIDEO }));
  clock.advance(4000);
  assert.equal(await isPublished(VIDEO), false);
  clock.advance(4000);
  assert.equal(await isPublished(VIDEO), false);
  assert.deepEqual(withdrawn, [VIDEO]);
  assert.deepEqual(
    lines.map((line) => line.event),
    ['video_withdrawn'],
  );
});

test('a request between two and four seconds causes a new look and does not wait for it', async () => {
  const { store, clock, isPublished, looks } = fixture();
  await publishVideo(store);
  await isPublished(VIDEO);
  await store.delete(multivariantKey({ videoId: VIDEO }));
  clock.advance(2000);
  const { promise, resolve } = Promise.withResolvers<void>();
  store.held = promise;
  assert.equal(await isPublished(VIDEO), true);
  resolve();
  store.held = undefined;
  await eventually('the look has come back', async () => !(await isPublished(VIDEO)));
  assert.equal(looks(), 2);
});

test('requests within two seconds ask the store once', async () => {
  const { store, clock, isPublished, looks } = fixture();
  await publishVideo(store);
  await Promise.all(Array.from({ length: 50 }, () => isPublished(VIDEO)));
  clock.advance(1999);
  await isPublished(VIDEO);
  assert.equal(looks(), 1);
});

test('while the store is down the last sight is trusted, and the store is asked at most once a second', async () => {
  const { store, clock, isPublished, looks } = fixture();
  await publishVideo(store);
  await isPublished(VIDEO);
  store.isDown = true;
  clock.advance(3_600_000);
  assert.equal(await isPublished(VIDEO), true);
  assert.equal(await isPublished(VIDEO), true);
  assert.equal(looks(), 2);
  clock.advance(1000);
  assert.equal(await isPublished(VIDEO), true);
  assert.equal(looks(), 3);
});

test('while the store hangs a seen video goes on after a moment, and later requests do not wait', async () => {
  const { store, clock, isPublished, looks } = fixture();
  await publishVideo(store);
  await isPublished(VIDEO);
  store.held = new Promise(() => {});
  clock.advance(3_600_000);
  // The moment is real time; this test ends only because the wait has a deadline.
  const alive = setInterval(() => {}, 1000);
  assert.equal(await isPublished(VIDEO), true);
  clearInterval(alive);
  assert.equal(await isPublished(VIDEO), true);
  assert.equal(looks(), 2);
});

test('a video that was never seen is an outage, not an absence, while the store is down', async () => {
  const { store, isPublished } = fixture();
  await publishVideo(store);
  store.isDown = true;
  await assert.rejects(isPublished(VIDEO), { code: 'store_unavailable' });
});

test('while the store is down it is asked at most once a second for a video that was never seen, too', async () => {
  const { store, clock, isPublished, looks } = fixture();
  await publishVideo(store);
  store.isDown = true;
  for (let i = 0; i < 10; i++) await assert.rejects(isPublished(VIDEO), { code: 'store_unavailable' });
  assert.equal(looks(), 1);
  store.isDown = false;
  clock.advance(1000);
  assert.equal(await isPublished(VIDEO), true);
});

test('a mark in the store makes a video private within four seconds, and its absence public again', async () => {
  const { store, clock, isPrivate } = fixture();
  await publishVideo(store);
  assert.equal(await isPrivate(VIDEO), false);
  await store.put(privateMarkKey({ videoId: VIDEO }), Buffer.alloc(1), { contentType: 'text/plain' });
  clock.advance(4000);
  assert.equal(await isPrivate(VIDEO), true);
  await store.delete(privateMarkKey({ videoId: VIDEO }));
  clock.advance(4000);
  assert.equal(await isPrivate(VIDEO), false);
});

test('after a start while the store is away, a video is as public or private as it was last seen', async () => {
  const disk = new MemoryDisk();
  const before = fixture(disk);
  await publishVideo(before.store);
  await before.isPublished(VIDEO);
  const again = fixture(disk);
  again.store.isDown = true;
  assert.deepEqual([await again.isPublished(VIDEO), await again.isPrivate(VIDEO)], [true, false]);
  await before.store.put(privateMarkKey({ videoId: VIDEO }), Buffer.alloc(1), { contentType: 'text/plain' });
  before.clock.advance(4000);
  assert.equal(await before.isPrivate(VIDEO), true);
  const third = fixture(disk);
  third.store.isDown = true;
  assert.equal(await third.isPrivate(VIDEO), true);
});

test('a video that was deleted meanwhile is withdrawn as soon as the store is back, and is not recalled again', async () => {
  const disk = new MemoryDisk();
  const before = fixture(disk);
  await publishVideo(before.store);
  await before.isPublished(VIDEO);
  const again = fixture(disk);
  again.store.isDown = true;
  assert.equal(await again.isPublished(VIDEO), true);
  again.store.isDown = false;
  again.clock.advance(1000);
  assert.equal(await again.isPublished(VIDEO), false);
  assert.deepEqual(again.withdrawn, [VIDEO]);
});

test('a store that hangs after a start is waited for only briefly where the video was seen before', async () => {
  const disk = new MemoryDisk();
  const before = fixture(disk);
  await publishVideo(before.store);
  await before.isPublished(VIDEO);
  const again = fixture(disk);
  const { promise, resolve } = Promise.withResolvers<void>();
  again.store.held = promise;
  assert.equal(await again.isPublished(VIDEO), true);
  resolve();
});
