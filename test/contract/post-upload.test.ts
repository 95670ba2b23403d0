import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { createUploadRecords } from '../../src/adapters/upload-records.ts';
import { createVideoRecords } from '../../src/adapters/video-records.ts';
import { DomainError } from '../../src/domain/errors.ts';
import type { VideoRecords } from '../../src/domain/ports.ts';
import type { UploadGrant } from '../../src/domain/upload-records.ts';
import { contentIdOf, sha256Of } from '../../src/upload/content-id.ts';
import { FullStore } from '../fakes/full-store.ts';
import { MemoryObjectStore } from '../fakes/memory-object-store.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { create, offsetOf, openPatch, patch, tus } from '../support/tus-client.ts';
import { MiB, UploadApi } from '../support/upload-world.ts';

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

type Answer = { status: number; id: string; state: string; created: boolean; contentId: string; code?: string };

async function post(body: Uint8Array | undefined, headers: Record<string, string> = {}): Promise<Answer> {
  const init = { method: 'POST', headers, ...(body ? { body } : {}) } as RequestInit;
  const answer = await fetch(`${api.url}/upload?filename=a.mp4`, init);
  return { status: answer.status, ...((await answer.json()) as Omit<Answer, 'status'>) };
}

function contentOf(bytes: Uint8Array): string {
  const parts = Array.from({ length: Math.ceil(bytes.length / PART) }, (_, i) =>
    bytes.subarray(i * PART, (i + 1) * PART),
  );
  return contentIdOf(parts.map(sha256Of));
}

test('ten uploads of the same bytes at once, half of them by tus, end as one video with one set of objects', async () => {
  const bytes = randomBytes(PART + 1000);
  const byTus = async (): Promise<string> => {
    const { url } = await create(api.url, { size: bytes.length });
    return (await patch(url, 0, bytes)).headers.get('millrace-video-id')!;
  };
  const ids = await Promise.all(
    Array.from({ length: 10 }, async (_, i) => (i % 2 === 0 ? (await post(bytes)).id : byTus())),
  );
  assert.equal(new Set(ids).size, 1);
  assert.deepEqual(
    store.keys(),
    [0, 1].map((part) => `videos/${ids[0]}/source/00000${part}`),
  );
  const jobs = await database.db
    .selectFrom('jobs')
    .select('id')
    .where('video_id', '=', ids[0] as never)
    .execute();
  assert.equal(jobs.length, 1);
});

test('a stated digest that is known is answered without a byte of the body', async () => {
  const bytes = randomBytes(PART + 1000);
  const contentId = contentOf(bytes);
  const ask = { 'Millrace-Content-Id': contentId };
  const unknown = await post(undefined, ask);
  assert.deepEqual([unknown.status, unknown.code], [404, 'unknown_content']);
  const first = await post(bytes, ask);
  assert.deepEqual([first.status, first.created, first.contentId], [201, true, contentId]);

  assert.deepEqual(await post(undefined, ask), { ...first, status: 200, created: false });
  // One that announces its bytes all the same is answered before it sends them.
  const sending = request(`${api.url}/upload`, { method: 'POST', headers: { ...ask, 'Content-Length': bytes.length } });
  const status = await new Promise((resolve, reject) => {
    sending.on('error', reject).on('response', (answer) => resolve(answer.statusCode));
    sending.flushHeaders();
  });
  assert.equal(status, 200);
  sending.destroy();
});

test('a stated digest ends a tus upload at its creation', async () => {
  const bytes = randomBytes(5000);
  const { id } = await post(bytes);
  const known = await create(api.url, { size: bytes.length, meta: { filename: 'b.mp4', contentId: contentOf(bytes) } });
  assert.deepEqual([known.status, known.videoId, known.headers.get('upload-offset')], [201, id, '5000']);
  assert.equal(await offsetOf(known.url), 5000);
  assert.equal((await patch(known.url, 5000, new Uint8Array())).status, 204);
  assert.equal((await tus(known.url, 'DELETE')).status, 204);
  assert.deepEqual(await api.source(id), bytes);
});

test('a wrongly stated digest is found out, and never taken for the file', async () => {
  const bytes = randomBytes(5000);
  const contentId = contentOf(randomBytes(5000));
  const plain = await post(bytes, { 'Millrace-Content-Id': contentId });
  assert.deepEqual([plain.status, plain.code], [422, 'digest_mismatch']);
  const { url } = await create(api.url, { size: 5000, meta: { contentId } });
  assert.equal((await patch(url, 0, bytes)).code, 'digest_mismatch');
  const known = await post(bytes);
  const shorter = await create(api.url, { size: 4999, meta: { contentId: known.contentId } });
  assert.equal(shorter.headers.get('upload-offset'), '0', 'a file of another length cannot be that one');
});

test('an Idempotency-Key gets the same answer for the same content, and none for other content', async () => {
  const bytes = randomBytes(5000);
  const key = { 'Idempotency-Key': randomBytes(8).toString('hex') };
  const first = await post(bytes, key);
  assert.equal(first.status, 201);
  assert.deepEqual(await post(bytes, key), first);
  const other = await post(randomBytes(5000), key);
  assert.deepEqual([other.status, other.code], [422, 'idempotency_mismatch']);
  assert.deepEqual(await post(bytes), { ...first, status: 200, created: false });
  assert.deepEqual(store.keys(), [`videos/${first.id}/source/000000`], 'what was refused left nothing');
});

test('simultaneous requests with one key get one answer', async () => {
  const bytes = randomBytes(5000);
  const key = { 'Idempotency-Key': randomBytes(8).toString('hex') };
  const answers = await Promise.all(Array.from({ length: 5 }, () => post(bytes, key)));
  assert.deepEqual(new Set(answers.map(({ id, status }) => `${id} ${status}`)).size, 1);
});

test('a key that nobody could have meant is refused', async () => {
  for (const key of ['', 'x'.repeat(256)]) {
    const answer = await post(randomBytes(10), { 'Idempotency-Key': key });
    assert.deepEqual([answer.status, answer.code], [400, 'bad_request']);
  }
});

test('a failed video is tried again when its bytes come again', async () => {
  const bytes = randomBytes(5000);
  const { id, contentId } = await post(bytes);
  const { db } = database;
  for (const again of [() => post(bytes), () => post(undefined, { 'Millrace-Content-Id': contentId })]) {
    await db
      .updateTable('jobs')
      .set({ state: 'failed' })
      .where('video_id', '=', id as never)
      .execute();
    await db
      .updateTable('videos')
      .set({ state: 'failed' })
      .where('id', '=', id as never)
      .execute();
    assert.equal((await again()).id, id);
    const jobs = await db
      .selectFrom('jobs')
      .select('state')
      .where('video_id', '=', id as never)
      .execute();
    assert.equal(jobs.filter(({ state }) => state === 'queued').length, 1);
  }
});

test('a plain upload whose process died is swept, rows and parts', async () => {
  const sending = request(`${api.url}/upload`, { method: 'POST', headers: { 'Content-Length': 3 * PART } });
  sending.on('error', () => {});
  sending.write(randomBytes(PART + 10));
  await eventually('a part is stored', () => store.keys().length === 1);
  assert.equal(await api.sweep(), false);
  assert.equal(store.keys().length, 1, 'one that lives is left alone');
  // As if the process that received it were gone: another one finds its lock lapsed.
  const lapsed = new Date(0);
  await database.db.updateTable('uploads').set({ lock_until: lapsed }).where('lock_until', 'is not', null).execute();
  await eventually('it is swept', async () => {
    await api.sweep();
    return store.keys().length === 0;
  });
  const videoId = api.lines.find(({ event }) => event === 'upload_started')?.videoId;
  assert.equal((await fetch(`${api.url}/videos/${videoId}`)).status, 404);
  sending.destroy();
});

test('a plain upload into a full disk is told so, leaves nothing, and can be repeated', async () => {
  const bytes = randomBytes(PART + 1000);
  store.full = /000001$/;
  const refused = await post(bytes);
  assert.deepEqual([refused.status, refused.code], [503, 'store_unavailable']);
  await eventually('nothing is left', () => store.keys().length === 0);
  store.full = undefined;
  assert.equal((await post(bytes)).status, 201);
});

const TIMES = { leaseMs: 4_000, expiryMs: 60_000 };
const outage = (): never => {
  throw new DomainError('database_unavailable');
};

test('an upload that has become a video is told so, even if what is left of it cannot be cleared away', async () => {
  const { db } = database;
  const uploads = createUploadRecords({ db, ...TIMES });
  // The row goes, and the answer of the database gets lost.
  const remove = (grant: UploadGrant): Promise<void> => uploads.remove(grant).then(outage);
  await using forgetful = await UploadApi.start(database, { store, uploads: { ...uploads, remove } });
  const sticky = new MemoryObjectStore();
  sticky.deletePrefix = () => Promise.reject(new DomainError('store_unavailable'));
  await using cluttered = await UploadApi.start(database, { store: sticky });
  for (const on of [forgetful, cluttered]) {
    const bytes = randomBytes(5000);
    const answer = await fetch(`${on.url}/upload`, { method: 'POST', body: bytes });
    const { id } = (await answer.json()) as Answer;
    assert.equal(answer.status, 201);
    assert.deepEqual(await on.source(id), bytes);
    assert.deepEqual(
      on.lines.filter(({ level }) => level === 'warn').map(({ event }) => event),
      ['upload_sweep_failed'],
    );
  }
});

test('an upload whose end the database never confirmed keeps its bytes, even when its row has been swept', async () => {
  const { db } = database;
  const real = createVideoRecords(db);
  const finishUpload: VideoRecords['finishUpload'] = async (upload) => {
    await real.finishUpload(upload);
    await createUploadRecords({ db, ...TIMES }).remove(upload.upload!);
    return outage();
  };
  await using lossy = await UploadApi.start(database, { store, records: { ...real, finishUpload } });
  const bytes = randomBytes(5000);
  const refused = await fetch(`${lossy.url}/upload`, { method: 'POST', body: bytes });
  assert.equal(refused.status, 503);
  const again = await post(bytes);
  assert.deepEqual([again.status, again.created], [200, false]);
  assert.deepEqual(await api.source(again.id), bytes);
});

test('more bodies than may be received at once wait, and are told to come again where that takes long', async () => {
  await using narrow = await UploadApi.start(database, { store, maxTransfers: 1, transferWaitMs: 200 });
  const slow = request(`${narrow.url}/upload`, { method: 'POST', headers: { 'Content-Length': 2 * PART } });
  slow.on('error', () => {});
  slow.write(randomBytes(PART));
  await eventually('the first is being received', () => store.keys().length === 1);
  const { url } = await create(narrow.url, { size: 100 });
  const refused = await patch(url, 0, randomBytes(100));
  assert.deepEqual([refused.status, refused.code], [503, 'too_many_uploads']);
  assert.ok(Number(refused.headers.get('retry-after')) > 0);
  slow.destroy();
  await eventually('there is room again', async () => (await patch(url, 0, randomBytes(100))).status === 204);
});

test('Repr-Digest and Idempotency-Key go together with a form, too', async () => {
  const bytes = randomBytes(100);
  const form = new FormData();
  form.set('file', new Blob([bytes]), 'видео.mp4');
  const digest = createHash('sha256').update(bytes).digest('base64');
  const headers = { 'Idempotency-Key': 'form', 'Repr-Digest': `sha-256=:${digest}:` };
  const answer = await fetch(`${api.url}/upload`, { method: 'POST', body: form, headers });
  assert.equal(answer.status, 201);
  const { id } = (await answer.json()) as Answer;
  const video = (await api.json(`/videos/${id}`)) as { source: { filename: string } };
  assert.equal(video.source.filename, 'видео.mp4');
});

test('more senders than there is memory for take turns, and all arrive whole', async () => {
  await using small = await UploadApi.start(database, { store, memoryBytes: 2 * PART });
  const all = await Promise.all(
    Array.from({ length: 5 }, async () => {
      const bytes = randomBytes(PART + 3000);
      const { url, videoId } = await create(small.url, { size: bytes.length });
      return { bytes, videoId, sending: openPatch(url, 0, bytes.length) };
    }),
  );
  // All of them have begun, and none would ever make room by itself.
  await Promise.all(all.map(({ sending, bytes }) => sending.write(bytes.subarray(0, 3000))));
  await eventually('the first ones gave way', () => store.keys().some((key) => key.includes('/parked-')));
  await Promise.all(all.map(({ sending, bytes }) => sending.write(bytes.subarray(3000))));
  for (const { sending, bytes, videoId } of all) {
    assert.equal(await sending.status, 204);
    assert.deepEqual(await small.source(videoId), bytes);
  }
  assert.deepEqual(
    store.keys().filter((key) => key.startsWith('uploads/')),
    [],
    'what was put aside is gone',
  );
});
