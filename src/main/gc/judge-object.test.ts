import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryObjectStore } from '../../../test/fakes/memory-object-store.ts';
import type { VideoId } from '../../domain/ids.ts';
import type { ObjectKey } from '../../domain/object-keys.ts';
import { type Found, findGarbage } from './find-garbage.ts';
import { judgeVideoObject, type KnownVideo } from './judge-object.ts';

const VIDEO = '0123456789abcdef' as VideoId;
const KNOWN: KnownVideo = { published: 3, jobs: new Set([1, 2, 3, 4, 5]), inUse: new Set([2, 5]) };
const judge = (name: string, known: KnownVideo | undefined = KNOWN) =>
  judgeVideoObject(`videos/${VIDEO}/${name}`, known);

test('what is published, under way, waits for its last session or may be gone on with is no garbage', () => {
  for (const generation of [2, 3, 4, 5]) assert.equal(judge(`g${generation}/v240/000000.m4s`), undefined);
  for (const name of ['source/000000', 'index.m3u8', 'private', 'about.json.gz', 'of-somebody-else'])
    assert.equal(judge(name), undefined, name);
});

test('a generation that was replaced or has no job is garbage', () => {
  assert.equal(judge('g1/v240/000000.m4s'), 'replaced');
  assert.equal(judge('g6/images/poster.jpg'), 'no_job');
  assert.equal(judge('g1/v240/init.mp4', { ...KNOWN, published: null }), undefined);
});

const EMPTY = { countVideos: async () => 1, find: async () => undefined, knownUploads: async () => ['aa'] };
const nameOf = (found: Found): string => ('garbage' in found ? found.garbage.key : `unknown ${found.unknownVideo}`);
async function garbageOf(keys: string[], writtenBeforeMs: number): Promise<string[]> {
  const store = new MemoryObjectStore();
  const put = (key: string) => store.put(key as ObjectKey, Buffer.from('x'), { contentType: 'text/plain' });
  await Promise.all(keys.map(put));
  const found = await Array.fromAsync(findGarbage({ store, records: EMPTY, writtenBeforeMs }));
  return found.map(nameOf);
}

const LATER_MS = Date.now() + 3_600_000;

test('leftovers of deleted videos, of uploads and of health checks are found', async () => {
  const garbage = ['checks/x', 'uploads/bb/tail-1', `videos/${VIDEO}/source/000000`];
  const found = await garbageOf([...garbage, 'uploads/aa/tail-1', 'other/x'], LATER_MS);
  assert.deepEqual(found.toSorted(), garbage);
});

test('what was written lately is left alone', async () => {
  assert.deepEqual(await garbageOf(['checks/x', 'uploads/bb/tail-1', `videos/${VIDEO}/source/000000`], 0), []);
});

test('a whole video that the database does not know is named, and nothing of it is garbage', async () => {
  const keys = ['about.json.gz', 'source/000000', 'g1/v240/init.mp4'].map((name) => `videos/${VIDEO}/${name}`);
  assert.deepEqual(await garbageOf(keys, LATER_MS), [`unknown ${VIDEO}`]);
  assert.deepEqual((await garbageOf(keys.slice(0, 1), LATER_MS)).length, 1);
});
