import assert from 'node:assert/strict';
import { test } from 'node:test';
import { capturedLog } from '../../test/fakes/captured-log.ts';
import { MemoryObjectStore } from '../../test/fakes/memory-object-store.ts';
import type { RetiredGeneration } from '../domain/growth.ts';
import type { VideoId } from '../domain/ids.ts';
import { segmentKey } from '../domain/object-keys.ts';
import { removeGenerations } from './remove-generations.ts';

const videoId = '0123456789abcdef' as VideoId;

test('the objects of a retired generation go, and of no other', async () => {
  const store = new MemoryObjectStore();
  for (const generation of [1, 2, 11])
    await store.put(segmentKey({ videoId, generation, rendition: 'v360', segment: 0 }), new Uint8Array(1), {
      contentType: 'video/iso.segment',
    });
  const retired: RetiredGeneration[] = [{ videoId, generation: 1 }];
  const { log, lines } = capturedLog();
  const records = { due: async () => [...retired], removed: async () => void retired.pop() };
  assert.equal(await removeGenerations({ retired: records, store, log }), false);
  assert.deepEqual(store.keys(), [`videos/${videoId}/g11/v360/000000.m4s`, `videos/${videoId}/g2/v360/000000.m4s`]);
  assert.deepEqual(retired, []);
  assert.equal(lines.find((line) => line.event === 'generation_removed')?.objects, 1);
});

test('a generation whose objects could not all be removed comes again', async () => {
  const retired: RetiredGeneration[] = [{ videoId, generation: 1 }];
  const store = { deletePrefix: () => Promise.reject(new Error('the store is away')) };
  const { log } = capturedLog();
  const records = { due: async () => [...retired], removed: async () => void retired.pop() };
  await assert.rejects(removeGenerations({ retired: records, store, log }));
  assert.equal(retired.length, 1);
});
