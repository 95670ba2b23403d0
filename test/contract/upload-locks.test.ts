import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { sourcePartKey, uploadTailKey } from '../../src/domain/object-keys.ts';
import { MemoryObjectStore } from '../fakes/memory-object-store.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { create, offsetOf, openPatch, patch, tus } from '../support/tus-client.ts';
import { MiB, UploadApi, uploadIdOf } from '../support/upload-world.ts';

/** Two upload-apis that share a database and a store, as two processes do; each has locks of its own. */
const PART = 8 * MiB;
const LEASE_MS = 2_500;
/** On any machine; less than the half minute after which a silent request is ended anyway. */
const SOON_MS = 20_000;

let database: TestDatabase;
let store: MemoryObjectStore;
let one: UploadApi;
let other: UploadApi;
before(async () => {
  database = await startDatabase();
});
after(() => database?.[Symbol.asyncDispose]());
beforeEach(async () => {
  store = new MemoryObjectStore();
  one = await UploadApi.start(database, { store, leaseMs: LEASE_MS });
  other = await UploadApi.start(database, { store, leaseMs: LEASE_MS });
});
afterEach(async () => {
  await one?.[Symbol.asyncDispose]();
  await other?.[Symbol.asyncDispose]();
});

const at = (api: UploadApi, url: string): string => `${api.url}/uploads/${uploadIdOf(url)}`;

for (const where of ['the same process', 'another process'] as const)
  test(`a client that lost its connection goes on within seconds, in ${where}`, async () => {
    const bytes = randomBytes(1000);
    const { url, videoId } = await create(one.url, { size: bytes.length });
    // Half open: the server has not noticed that the client is gone.
    const stuck = openPatch(url, 0, bytes.length);
    await stuck.write(bytes.subarray(0, 400));
    await eventually('the request is being received', () => isLocked(url));
    const startedMs = performance.now();
    const resumed = at(where === 'the same process' ? one : other, url);
    const offset = await offsetOf(resumed);
    assert.ok(performance.now() - startedMs < SOON_MS);
    assert.equal(offset, 400, 'what the stuck request had brought was kept before it let go');
    assert.equal((await patch(resumed, 400, bytes.subarray(400))).status, 204);
    assert.equal(await stuck.status, 409);
    assert.deepEqual(await one.source(videoId), bytes);
  });

async function isLocked(url: string): Promise<boolean> {
  const row = await database.db
    .selectFrom('uploads')
    .select(['lock_until', 'lock_token'])
    .where('id', '=', uploadIdOf(url))
    .executeTakeFirstOrThrow();
  return row.lock_until !== null && row.lock_token > 1;
}

test('a holder that fell silent is passed over when its lease ends', async () => {
  const { url } = await create(one.url, { size: 1000 });
  const silent = await one.uploads.tryLock(uploadIdOf(url));
  assert.ok(typeof silent === 'object');
  assert.equal(await offsetOf(at(other, url)), 0);
  const waited = other.lines.find(({ event }) => event === 'upload_lock_taken');
  assert.ok(Number(waited?.waitedMs) <= SOON_MS, `waited ${waited?.waitedMs} ms`);
  await assert.rejects(one.uploads.renew(silent), { code: 'upload_lock_lost' });
});

test('a former holder moves nothing, and its late tail harms nobody', async () => {
  const bytes = randomBytes(1000);
  const { url, videoId } = await create(one.url, { size: bytes.length });
  const uploadId = uploadIdOf(url);
  const former = await one.uploads.tryLock(uploadId);
  assert.ok(typeof former === 'object');
  await eventually('the lease has ended', async () => (await other.uploads.tryLock(uploadId)) !== 'held');
  assert.equal((await patch(at(other, url), 0, bytes.subarray(0, 700))).status, 204);

  // The former holder wakes up: it stores the tail that it had in hand, and wants to move the row.
  const contentType = 'application/octet-stream';
  await store.put(uploadTailKey({ uploadId, token: former.token }), randomBytes(300), { contentType });
  const step = {
    grant: former,
    videoId: videoId as never,
    fromWholeParts: 0,
    newParts: [],
    tailBytes: 300,
    sizeBytes: null,
  };
  await assert.rejects(one.uploads.advance({ ...step, tailToken: former.token }), { code: 'upload_lock_lost' });

  assert.equal(await offsetOf(url), 700);
  assert.equal((await patch(url, 700, bytes.subarray(700))).status, 204);
  assert.deepEqual(await one.source(videoId), bytes);
  assert.deepEqual(store.keys(), [sourcePartKey({ videoId: videoId as never, part: 0 })]);
});

test('many requests for one upload at once are answered, each in its turn', async () => {
  const { url } = await create(one.url, { size: 1000 });
  const urls = [url, at(other, url)];
  const answers = await Promise.all(Array.from({ length: 12 }, (_, i) => tus(urls[i % 2]!, 'HEAD')));
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
});

test('of two clients that send the same bytes at once one is told, and the bytes are right', async () => {
  const bytes = randomBytes(PART + 1000);
  const { url, videoId } = await create(one.url, { size: bytes.length });
  const answers = await Promise.all([patch(url, 0, bytes), patch(at(other, url), 0, bytes)]);
  const statuses = answers.map(({ status }) => status);
  assert.ok(
    statuses.every((status) => status === 204 || status === 409),
    String(statuses),
  );
  const offset = await offsetOf(url);
  if (offset !== bytes.length) assert.equal((await patch(url, offset!, bytes.subarray(offset))).status, 204);
  assert.deepEqual(await one.source(videoId), bytes);
});

test('a part of an interrupted request is replaced where the client then sends other bytes', async () => {
  const { url, videoId } = await create(one.url, { size: PART + 10 });
  const bytes = randomBytes(PART + 10);
  const key = sourcePartKey({ videoId: videoId as never, part: 0 });
  await store.put(key, randomBytes(PART), { contentType: 'application/octet-stream' });
  assert.equal((await patch(url, 0, bytes)).status, 204);
  assert.deepEqual(await one.source(videoId), bytes);
});

test('an upload under way does not expire, however slow it is', async () => {
  const { url } = await create(one.url, { size: 1000 });
  const slow = openPatch(url, 0, 1000);
  await slow.write(randomBytes(10));
  await eventually('the request is being received', () => isLocked(url));
  await database.db
    .updateTable('uploads')
    .set({ expires_at: new Date(0) })
    .where('id', '=', uploadIdOf(url))
    .execute();
  await other.sweep();
  await slow.write(randomBytes(990));
  assert.equal(await slow.status, 204);
});
