import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { parseVideoId } from '../../src/domain/ids.ts';
import { privateMarkKey } from '../../src/domain/object-keys.ts';
import { readPlaybackGrant } from '../../src/domain/playback-grant.ts';
import { createTextSigner } from '../../src/lib/sign-text.ts';
import { SECRET } from '../fakes/playable-video.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';
import { UploadApi } from '../support/upload-world.ts';

const KEY = 'a-key-of-this-test';
const DEADLINE_MS = 60_000;

let database: TestDatabase;
let api: UploadApi;
before(async () => {
  database = await startDatabase();
  api = await UploadApi.start(database);
});
after(async () => {
  await api?.[Symbol.asyncDispose]();
  await database?.[Symbol.asyncDispose]();
});

async function call(path: string, method = 'GET', body?: object) {
  const headers: Record<string, string> = body ? { 'content-type': 'application/json' } : {};
  const response = await fetch(`${api.url}${path}`, { method, headers, body: body ? JSON.stringify(body) : null });
  return { status: response.status, json: (await response.json()) as Record<string, unknown> };
}

async function uploaded() {
  const response = await fetch(`${api.url}/upload?filename=a.mp4`, { method: 'POST', body: randomBytes(1000) });
  return parseVideoId(((await response.json()) as { id: string }).id);
}

test('a video is public, private and public again, and the mark that edges go by follows', async () => {
  const id = await uploaded();
  assert.equal((await call(`/videos/${id}`)).json.visibility, 'public');
  const changed = await call(`/videos/${id}`, 'PATCH', { visibility: 'private', title: 'Mine' });
  assert.deepEqual([changed.status, changed.json.visibility, changed.json.title], [200, 'private', 'Mine']);
  assert.deepEqual(await api.keys(privateMarkKey({ videoId: id })), [privateMarkKey({ videoId: id })]);
  const renamed = await call(`/videos/${id}`, 'PATCH', { title: 'Still mine' });
  assert.equal(renamed.json.visibility, 'private');
  assert.equal((await call(`/videos/${id}`, 'PATCH', { visibility: 'public' })).json.visibility, 'public');
  assert.deepEqual(await api.keys(privateMarkKey({ videoId: id })), []);
});

test('a playback token opens its video for as long as was asked', async () => {
  const id = await uploaded();
  const beforeMs = Date.now();
  const { status, json } = await call(`/videos/${id}/tokens`, 'POST', { expiresInSeconds: 3600 });
  assert.equal(status, 201);
  const check = { matches: createTextSigner(SECRET).matches, nowMs: beforeMs };
  const expiresAtMs = readPlaybackGrant(String(json.token), id, check);
  assert.equal(new Date(expiresAtMs).toISOString(), json.expiresAt);
  assert.ok(expiresAtMs >= beforeMs + 3_599_000 && expiresAtMs <= Date.now() + 3_600_000);
});

test('with API keys, a private video is shown to whoever has a key or a token for it; a public one to everybody', async () => {
  await using guarded = await UploadApi.start(database, { apiKeys: [KEY] });
  const ask = async (path: string, headers: Record<string, string> = {}) => {
    const signal = AbortSignal.timeout(DEADLINE_MS);
    const response = await fetch(`${guarded.url}${path}`, { headers, signal });
    await response.body?.cancel();
    return response.status;
  };
  const id = await uploaded();
  assert.equal(await ask(`/videos/${id}`), 200);
  await call(`/videos/${id}`, 'PATCH', { visibility: 'private' });
  const { token } = (await call(`/videos/${id}/tokens`, 'POST')).json;
  for (const path of [`/videos/${id}`, `/videos/${id}/events`]) {
    assert.equal(await ask(path), 403, path);
    assert.equal(await ask(`${path}?token=${String(token).replace(/.$/, '!')}`), 403, path);
    assert.equal(await ask(`${path}?token=${token}`), 200, path);
    assert.equal(await ask(path, { authorization: `Bearer ${KEY}` }), 200, path);
  }
  assert.equal((await call(`/videos/${id}`)).json.visibility, 'private', 'without keys everybody here is the owner');
});

test('a video whose upload is not finished cannot be made private yet', async () => {
  const headers = { 'tus-resumable': '1.0.0', 'upload-length': '1000', 'upload-metadata': 'filename YS5tcDQ=' };
  const created = await fetch(`${api.url}/uploads`, { method: 'POST', headers });
  const id = created.headers.get('millrace-video-id');
  const refused = await call(`/videos/${id}`, 'PATCH', { visibility: 'private' });
  assert.deepEqual([refused.status, refused.json.code], [409, 'upload_not_finished']);
});
