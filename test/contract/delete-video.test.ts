import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { sql } from 'kysely';
import type { VideoId } from '../../src/domain/ids.ts';
import { multivariantKey, type ObjectKey, segmentKey } from '../../src/domain/object-keys.ts';
import { BreakingStore } from '../fakes/breaking-store.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';
import { create, patch, tus } from '../support/tus-client.ts';
import { MiB, UploadApi } from '../support/upload-world.ts';

const PART = 8 * MiB;
const TEXT = { contentType: 'text/plain' };

let database: TestDatabase;
let store: BreakingStore;
let api: UploadApi;
before(async () => {
  database = await startDatabase();
});
after(() => database?.[Symbol.asyncDispose]());
beforeEach(async () => {
  await sql`truncate videos, events, video_aliases, removed_videos cascade`.execute(database.db);
  store = new BreakingStore();
  api = await UploadApi.start(database, { store });
});
afterEach(() => api?.[Symbol.asyncDispose]());

const remove = (id: string): Promise<number> =>
  fetch(`${api.url}/videos/${id}`, { method: 'DELETE' }).then((answer) => answer.status);
const status = (id: string): Promise<number> => fetch(`${api.url}/videos/${id}`).then((answer) => answer.status);

/** A video with every kind of object, and rows in every table that names it. */
async function fullVideo(): Promise<VideoId> {
  const bytes = randomBytes(PART + 1000);
  const answer = await fetch(`${api.url}/upload?filename=a.mp4`, {
    method: 'POST',
    body: bytes,
    headers: { 'idempotency-key': 'k' },
  });
  const { id } = (await answer.json()) as { id: VideoId };
  const again = await create(api.url, { size: bytes.length });
  assert.equal((await patch(again.url, 0, bytes)).status, 204);
  await store.put(
    segmentKey({ videoId: id, generation: 1, rendition: 'v360', segment: 0 }),
    bytes.subarray(0, 10),
    TEXT,
  );
  await store.put(multivariantKey({ videoId: id }), bytes.subarray(0, 10), TEXT);
  return id;
}

/** How many rows of any table still name the video. */
async function rowsOf(id: VideoId): Promise<Record<string, number>> {
  const { rows } = await sql<{ name: string; count: number }>`
    select 'videos' as name, count(*) from videos where id = ${id}
    union all select 'uploads', count(*) from uploads where video_id = ${id}
    union all select 'source_parts', count(*) from source_parts where video_id = ${id}
    union all select 'jobs', count(*) from jobs where video_id = ${id}
    union all select 'tasks', count(*) from tasks where video_id = ${id}
    union all select 'events', count(*) from events where video_id = ${id}
    union all select 'idempotency_keys', count(*) from idempotency_keys where video_id = ${id}
  `.execute(database.db);
  return Object.fromEntries(
    rows.filter(({ count }) => Number(count) > 0).map(({ name, count }) => [name, Number(count)]),
  );
}

test('a deleted video leaves no object, no row, and no way to reach it', async () => {
  const id = await fullVideo();
  assert.deepEqual(Object.keys(await rowsOf(id)).toSorted(), [
    'events',
    'idempotency_keys',
    'jobs',
    'source_parts',
    'uploads',
    'videos',
  ]);
  const { rows } = await sql<{ id: string }>`select id from video_aliases where video_id = ${id}`.execute(database.db);
  const alias = rows[0]!.id;
  assert.equal((await fetch(`${api.url}/videos/${alias}`, { redirect: 'manual' })).status, 308);
  assert.equal(await remove(id), 204);
  assert.deepEqual([store.keys(), await rowsOf(id)], [[], {}]);
  assert.deepEqual([await status(id), await status(alias), await remove(id)], [404, 404, 404]);
});

test('an id that stood for a deleted video is forgotten by the sweeper', async () => {
  const id = await fullVideo();
  await remove(id);
  await sql`update video_aliases set created_at = created_at - interval '1 hour'`.execute(database.db);
  await api.sweep();
  const { rows } = await sql`select id from video_aliases`.execute(database.db);
  assert.deepEqual(rows, []);
});

test('a deletion that breaks off anywhere is ended by the same call again', async () => {
  for (let deletions = 0; ; deletions++) {
    const id = await fullVideo();
    store.deletionsLeft = deletions;
    const first = await remove(id);
    store.deletionsLeft = Number.POSITIVE_INFINITY;
    if (first === 204) break;
    assert.equal(first, 503, 'the store is what failed');
    assert.equal(await remove(id), 204, `after ${deletions} deletions`);
    assert.deepEqual([store.keys(), await rowsOf(id)], [[], {}]);
    assert.equal(await remove(id), 404);
    await sql`truncate video_aliases`.execute(database.db);
    assert.ok(deletions < 20);
  }
});

test('deleting a video in mid-upload takes the tail and the parts with it', async () => {
  const { url, videoId } = await create(api.url, { size: PART * 2 });
  await patch(url, 0, randomBytes(PART + 10));
  assert.equal(store.keys().length, 2);
  assert.equal(await remove(videoId), 204);
  assert.deepEqual(store.keys(), []);
  assert.equal((await tus(url, 'HEAD')).status, 404);
});

test('what a frozen worker stores after the deletion is removed by the sweeper', async () => {
  const id = await fullVideo();
  await remove(id);
  const late = segmentKey({ videoId: id, generation: 1, rendition: 'v360', segment: 7 }) as ObjectKey;
  for (const _round of [1, 2]) {
    await store.putIfAbsent(late, randomBytes(10), TEXT);
    await sql`update removed_videos set sweep_at = clock_timestamp() - interval '1 second'`.execute(database.db);
    await api.sweep();
    assert.deepEqual(store.keys(), []);
  }
  await sql`update removed_videos set removed_at = removed_at - interval '2 days'`.execute(database.db);
  await api.sweep();
  assert.deepEqual((await sql`select id from removed_videos`.execute(database.db)).rows, []);
});
