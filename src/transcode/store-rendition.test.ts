import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { MemoryObjectStore } from '../../test/fakes/memory-object-store.ts';
import { tinyVideoInit } from '../../test/support/tiny-media.ts';
import { DomainError } from '../domain/errors.ts';
import type { VideoId } from '../domain/ids.ts';
import { initKey, segmentKey } from '../domain/object-keys.ts';
import { silentLog } from '../lib/log.ts';
import type { InitPiece, MediaPiece } from './media-pieces.ts';
import { type StoreDeps, storeRendition } from './store-rendition.ts';

const of = {
  videoId: '0123456789abcdef' as VideoId,
  generation: 1,
  rendition: 'v240',
  initType: 'video/mp4',
} as const;
const init = (timescale = 10_000): InitPiece => tinyVideoInit(timescale);
const segment = (n: number, text = `segment ${n}`): MediaPiece => ({
  kind: 'segment',
  segment: n,
  bytes: Buffer.from(text),
  durationTicks: 40_000,
});
async function* stream(...pieces: readonly MediaPiece[]): AsyncGenerator<MediaPiece> {
  yield* pieces;
}
const callsTo = (store: MemoryObjectStore): StoreDeps['store'] => ({
  read: store.read.bind(store),
  head: store.head.bind(store),
  list: store.list.bind(store),
  put: store.put.bind(store),
  putIfAbsent: store.putIfAbsent.bind(store),
});
const depsOf = (store: StoreDeps['store']) => ({
  store,
  log: silentLog<never>(),
  clock: { nowMs: () => 0 },
  signal: AbortSignal.timeout(60_000),
});

test('what was stored is reported in order, with its sizes', async () => {
  const store = new MemoryObjectStore();
  const stored = await storeRendition(stream(init(), segment(2), segment(3), segment(4)), of, depsOf(store));
  assert.deepEqual(stored, {
    rendition: 'v240',
    codec: 'avc1.64001e',
    timescale: 10_000,
    initSha256: createHash('sha256').update(init().bytes).digest('hex'),
    initSizeBytes: init().bytes.length,
    segments: [2, 3, 4].map((n) => ({ segment: n, sizeBytes: 9, durationTicks: 40_000 })),
  });
  assert.equal((await store.head(initKey(of)))?.contentType, 'video/mp4');
  assert.equal((await store.head(segmentKey({ ...of, segment: 3 })))?.contentType, 'video/iso.segment');
});

test('each segment is told as soon as it stands in the store, and those that stood there before at once', async () => {
  const store = new MemoryObjectStore();
  const told: number[][] = [];
  const onStored: StoreDeps['onStored'] = ({ segments }) => {
    for (const one of segments) assert.ok(store.keys().includes(segmentKey({ ...of, segment: one.segment })));
    told.push(segments.map((one) => one.segment));
  };
  await storeRendition(stream(init(), segment(2), segment(3)), of, { ...depsOf(store), onStored });
  assert.deepEqual(told, [[2], [3]]);
  const kept = [2, 3].map((n) => ({ segment: n, sizeBytes: 9, durationTicks: 40_000 }));
  const standing = { segments: kept, invalid: new Set<number>() };
  await storeRendition(stream(init(), segment(4)), of, { ...depsOf(store), onStored }, standing);
  assert.deepEqual(told.slice(2), [[2, 3], [4]]);
});

test('a segment is stored as soon as it is whole, not when the chunk is', async () => {
  const store = new MemoryObjectStore();
  const next = Promise.withResolvers<void>();
  async function* slow(): AsyncGenerator<MediaPiece> {
    yield init();
    yield segment(0);
    await next.promise;
    yield segment(1);
  }
  const watched = {
    ...callsTo(store),
    putIfAbsent: (...args: Parameters<typeof store.putIfAbsent>) => {
      if (args[0].endsWith('000000.m4s')) next.resolve();
      return store.putIfAbsent(...args);
    },
  };
  assert.equal((await storeRendition(slow(), of, depsOf(watched))).segments.length, 2);
});

test('doing it twice changes nothing and reports what stands there', async () => {
  const store = new MemoryObjectStore();
  await storeRendition(stream(init(), segment(0, 'longer by far')), of, depsOf(store));
  const again = await storeRendition(stream(init(), segment(0, 'short')), of, depsOf(store));
  assert.deepEqual(again.segments, [{ segment: 0, sizeBytes: 13, durationTicks: 40_000 }]);
});

test('another init at the same place stops the work before a segment is stored', async () => {
  const store = new MemoryObjectStore();
  await storeRendition(stream(init(12_800)), of, depsOf(store));
  await assert.rejects(storeRendition(stream(init(), segment(0)), of, depsOf(store)), { code: 'init_differs' });
  assert.deepEqual(store.keys(), [initKey(of)]);
});

test('a store that fails stops the work, and is what is reported', async () => {
  const store = new MemoryObjectStore();
  const failing = {
    ...callsTo(store),
    putIfAbsent: async (...args: Parameters<typeof store.putIfAbsent>) => {
      if (args[0].endsWith('000001.m4s')) throw new DomainError('store_unavailable');
      return store.putIfAbsent(...args);
    },
  };
  const pieces = stream(init(), ...Array.from({ length: 9 }, (_, n) => segment(n)));
  await assert.rejects(storeRendition(pieces, of, depsOf(failing)), { code: 'store_unavailable' });
});

test('a rendition without an init is an error', async () => {
  await assert.rejects(storeRendition(stream(), of, depsOf(new MemoryObjectStore())), { code: 'ffmpeg_output' });
});

test('segments that stood already are reported with the others and not stored again', async () => {
  const store = new MemoryObjectStore();
  const kept = { segment: 1, sizeBytes: 4711, durationTicks: 40_000 };
  const pieces = stream(init(), segment(0), segment(1), segment(2));
  const stored = await storeRendition(pieces, of, depsOf(store), { segments: [kept], invalid: new Set() });
  assert.deepEqual(
    stored.segments.map(({ segment, sizeBytes }) => [segment, sizeBytes]),
    [
      [0, 9],
      [1, 4711],
      [2, 9],
    ],
  );
  assert.equal(await store.head(segmentKey({ ...of, segment: 1 })), undefined);
});

test('what was found to be wrong is replaced, an init that is none too', async () => {
  const store = new MemoryObjectStore();
  const rubbish = { contentType: 'video/mp4' };
  await store.put(initKey(of), new Uint8Array(0), rubbish);
  await store.put(segmentKey({ ...of, segment: 0 }), Buffer.from('rubbish'), rubbish);
  const standing = { segments: [], invalid: new Set([0]) };
  const stored = await storeRendition(stream(init(), segment(0)), of, depsOf(store), standing);
  assert.deepEqual(stored.segments, [{ segment: 0, sizeBytes: 9, durationTicks: 40_000 }]);
  assert.equal(Buffer.from((await store.read(segmentKey({ ...of, segment: 0 })))!.bytes).toString(), 'segment 0');
  assert.ok(init().bytes.equals((await store.read(initKey(of)))!.bytes));
});
