import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { sourcePartKey } from '../../src/domain/object-keys.ts';
import { FullStore } from '../fakes/full-store.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { create, offsetOf, openPatch, patch, tus } from '../support/tus-client.ts';
import { MiB, UploadApi, uploadIdOf } from '../support/upload-world.ts';

/** What users of other platforms suffer from when they upload; each test names the report. */
const PART = 8 * MiB;

let database: TestDatabase;
let store: FullStore;
let api: UploadApi;
before(async () => {
  database = await startDatabase();
});
after(() => database?.[Symbol.asyncDispose]());
beforeEach(async () => {
  store = new FullStore();
  api = await UploadApi.start(database, { store });
});
afterEach(() => api?.[Symbol.asyncDispose]());

const partKeys = (videoId: string, count: number): string[] =>
  Array.from({ length: count }, (_, part) => sourcePartKey({ videoId: videoId as never, part }));

test('an interrupted upload never blocks a second one of the same file (PeerTube#5965)', async () => {
  const bytes = randomBytes(PART + 5000);
  const interrupted = await create(api.url, { size: bytes.length });
  await patch(interrupted.url, 0, bytes.subarray(0, PART + 10));

  const second = await create(api.url, { size: bytes.length });
  assert.equal((await patch(second.url, 0, bytes)).status, 204);
  assert.deepEqual(await api.source(second.videoId), bytes);

  // The first one may still go on: it ends as the same video, and nothing of it stays.
  const late = await patch(interrupted.url, PART + 10, bytes.subarray(PART + 10));
  assert.deepEqual([late.status, late.headers.get('millrace-video-id')], [204, second.videoId]);
  assert.deepEqual(store.keys(), partKeys(second.videoId, 2));
  const moved = await fetch(`${api.url}/videos/${interrupted.videoId}`, { redirect: 'manual' });
  assert.deepEqual([moved.status, moved.headers.get('location')], [308, `/videos/${second.videoId}`]);
});

test('an upload that was at 100 % stays there for a client that missed the answer (PeerTube#5953)', async () => {
  const bytes = randomBytes(5000);
  const { url, videoId } = await create(api.url, { size: bytes.length });
  const sending = openPatch(url, 0, bytes.length);
  await sending.write(bytes);
  await eventually('the video is whole', async () => (await api.json(`/videos/${videoId}`)).state === 'uploaded');
  // Whatever was answered, nobody reads it.
  sending.breakOff();
  const { headers } = await tus(url, 'HEAD');
  assert.equal(headers.get('upload-offset'), headers.get('upload-length'));
  assert.equal(headers.get('millrace-video-id'), videoId);
  // Clients that send the rest again, which is nothing, are told the same.
  assert.equal((await patch(url, bytes.length, new Uint8Array())).status, 204);
});

test('the bytes after the last whole part are as safe as the others (tus-node-server#686)', async () => {
  const bytes = randomBytes(PART + 4_321);
  const { url, videoId } = await create(api.url, { size: bytes.length });
  for (let at = 0; at < bytes.length; at += 1_500_000)
    assert.equal((await patch(url, at, bytes.subarray(at, at + 1_500_000))).status, 204);
  assert.deepEqual(await api.source(videoId), bytes);
  assert.deepEqual(store.keys(), partKeys(videoId, 2), 'one object for each part, and no tail');
});

for (const [what, key] of [
  ['last part', /source\/000001$/],
  ['tail', /tail/],
] as const)
  test(`an upload does not say done before its ${what} is stored (tus-node-server#415)`, async () => {
    const bytes = randomBytes(PART + 4_321);
    const { url, videoId } = await create(api.url, { size: bytes.length });
    const end = what === 'tail' ? bytes.length - 1 : bytes.length;
    store.full = key;
    const refused = await patch(url, 0, bytes.subarray(0, end));
    assert.deepEqual([refused.status, refused.code], [503, 'store_unavailable']);
    assert.ok(Number(refused.headers.get('retry-after')) > 0);
    assert.equal(await offsetOf(url), PART);
    assert.equal((await api.json(`/videos/${videoId}`)).state, 'uploading');

    store.full = undefined;
    assert.equal((await patch(url, PART, bytes.subarray(PART))).status, 204);
    assert.deepEqual(await api.source(videoId), bytes);
  });

test('a disk that is full in mid-upload loses nothing acknowledged, and the upload goes on after', async () => {
  const bytes = randomBytes(PART * 2 + 100);
  const { url, videoId } = await create(api.url, { size: bytes.length });
  assert.equal((await patch(url, 0, bytes.subarray(0, 3000))).status, 204);
  store.full = /./;
  for (let tries = 0; tries < 3; tries++) {
    assert.equal((await patch(url, 3000, bytes.subarray(3000))).code, 'store_unavailable');
    assert.equal(await offsetOf(url), 3000);
  }
  store.full = undefined;
  assert.equal((await patch(url, 3000, bytes.subarray(3000))).status, 204);
  assert.deepEqual(await api.source(videoId), bytes);
});

test('an aborted PATCH leaves no phantom offset: every byte below it can be read (supabase/storage#1294)', async () => {
  const bytes = randomBytes(PART + 60_000);
  const { url, videoId } = await create(api.url, { size: bytes.length });
  let offset = 0;
  for (const piece of [100, PART - 50, 30_000]) {
    const sending = openPatch(url, offset, bytes.length - offset);
    await sending.write(bytes.subarray(offset, offset + piece));
    sending.breakOff();
    const now = await offsetOf(url);
    assert.ok(now !== undefined && now >= offset && now <= offset + piece);
    offset = now;
  }
  // The server may come to the broken request only after the HEAD that follows it: a client that is refused asks again.
  await eventually('the rest is taken', async () => {
    offset = (await offsetOf(url)) ?? offset;
    return (await patch(url, offset, bytes.subarray(offset))).status === 204;
  });
  assert.deepEqual(await api.source(videoId), bytes);
});

test('a checksum is never ignored, whatever the size of the request (livepeer/studio#2352)', async () => {
  for (const size of [1, 1000, PART, PART + 1]) {
    const bytes = randomBytes(size);
    const { url, videoId } = await create(api.url, { size });
    const sum = `sha256 ${createHash('sha256').update(bytes).digest('base64')}`;
    const other = randomBytes(size);
    if (other.equals(bytes)) continue;
    assert.equal((await patch(url, 0, other, { 'Upload-Checksum': sum })).status, 460);
    assert.equal(await offsetOf(url), 0);
    assert.equal((await patch(url, 0, bytes, { 'Upload-Checksum': sum })).status, 204);
    assert.deepEqual(await api.source(videoId), bytes);
  }
});

for (const [report, left] of [
  ['tusd#335', 'a connection that died unseen'],
  ['tusd#1372', 'a process that was killed'],
] as const)
  test(`a lock left by ${left} never answers 423 for ever (${report})`, async () => {
    const bytes = randomBytes(1000);
    const { url } = await create(api.url, { size: bytes.length });
    if (report === 'tusd#335') await openPatch(url, 0, bytes.length).write(bytes.subarray(0, 10));
    else await api.uploads.tryLock(uploadIdOf(url));
    const startedMs = performance.now();
    const answer = await tus(url, 'HEAD');
    assert.equal(answer.status, 200);
    // Less than the half minute after which a silent request is ended anyway.
    assert.ok(performance.now() - startedMs < 20_000);
    const offset = Number(answer.headers.get('upload-offset'));
    assert.equal((await patch(url, offset, bytes.subarray(offset))).status, 204);
  });
