import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { MemoryObjectStore } from '../../test/fakes/memory-object-store.ts';
import { DomainError } from '../domain/errors.ts';
import type { VideoId } from '../domain/ids.ts';
import { initKey, segmentKey } from '../domain/object-keys.ts';
import { silentLog } from '../lib/log.ts';
import type { MediaPiece } from './media-pieces.ts';
import { storeRendition } from './store-rendition.ts';

const of = {
  videoId: '0123456789abcdef' as VideoId,
  generation: 1,
  rendition: 'v240',
  initType: 'video/mp4',
} as const;
const init = (text = 'init'): MediaPiece => ({
  kind: 'init',
  bytes: Buffer.from(text),
  track: { timescale: 10_000, codec: 'avc1.64000d' },
});
const segment = (n: number, text = `segment ${n}`): MediaPiece => ({
  kind: 'segment',
  segment: n,
  bytes: Buffer.from(text),
  durationTicks: 40_000,
});
async function* stream(...pieces: readonly MediaPiece[]): AsyncGenerator<MediaPiece> {
  yield* pieces;
}
const depsOf = (store: Pick<MemoryObjectStore, 'putIfAbsent' | 'read' | 'head'>) => ({
  store,
  log: silentLog<never>(),
  signal: AbortSignal.timeout(60_000),
});

test('what was stored is reported in order, with its sizes', async () => {
  const store = new MemoryObjectStore();
  const stored = await storeRendition(stream(init(), segment(2), segment(3), segment(4)), of, depsOf(store));
  assert.deepEqual(stored, {
    rendition: 'v240',
    codec: 'avc1.64000d',
    timescale: 10_000,
    initSha256: createHash('sha256').update('init').digest('hex'),
    initSizeBytes: 4,
    segments: [2, 3, 4].map((n) => ({ segment: n, sizeBytes: 9, durationTicks: 40_000 })),
  });
  assert.equal((await store.head(initKey(of)))?.contentType, 'video/mp4');
  assert.equal((await store.head(segmentKey({ ...of, segment: 3 })))?.contentType, 'video/iso.segment');
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
    read: store.read.bind(store),
    head: store.head.bind(store),
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
  await storeRendition(stream(init('theirs')), of, depsOf(store));
  await assert.rejects(storeRendition(stream(init('ours'), segment(0)), of, depsOf(store)), { code: 'init_differs' });
  assert.deepEqual(store.keys(), [initKey(of)]);
});

test('a store that fails stops the work, and is what is reported', async () => {
  const store = new MemoryObjectStore();
  const failing = {
    read: store.read.bind(store),
    head: store.head.bind(store),
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
