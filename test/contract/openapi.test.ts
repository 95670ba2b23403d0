import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { sql } from 'kysely';
import { FullStore } from '../fakes/full-store.ts';
import { MemoryObjectStore } from '../fakes/memory-object-store.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';
import { JobWorld } from '../support/job-world.ts';
import { makeVideo, publishMade } from '../support/made-video.ts';
import { MiB, UploadApi } from '../support/upload-world.ts';

/** Every route's real answers, held against /openapi.json; and every route of the document is called. */
type Media = { schema?: object };
type Operation = { responses: Record<string, { content?: Record<string, Media>; headers?: Record<string, unknown> }> };
type Document = { openapi: string; paths: Record<string, Record<string, Operation>> };

let database: TestDatabase;
let api: UploadApi;
let document: Document;
const store = new FullStore();
const seen = new Set<string>();
const ajv = new Ajv2020({ strict: false });

before(async () => {
  database = await startDatabase();
  api = await UploadApi.start(database, { store, maxUploadBytes: 9 * MiB });
  document = (await (await fetch(`${api.url}/openapi.json`)).json()) as Document;
});
after(async () => {
  await api?.[Symbol.asyncDispose]();
  await database?.[Symbol.asyncDispose]();
});

type Call = { method?: string; headers?: Record<string, string>; body?: BodyInit };

/** Calls a route, checks the whole answer against the document, and gives it. */
async function call(template: string, status: number, init: Call = {}, path = template, url = api.url) {
  const answer = await fetch(url + path, { redirect: 'manual', ...init });
  const bytes = Buffer.from(await answer.arrayBuffer());
  const method = (init.method ?? 'GET').toLowerCase();
  const what = `${method} ${template} ${answer.status}`;
  assert.equal(answer.status, status, `${what}: ${bytes.toString().slice(0, 300)}`);
  const operation = document.paths[template]?.[method];
  assert.ok(operation, `${what}: not in the document`);
  const key = [String(status), `${String(status)[0]}XX`].find((name) => name in operation.responses);
  assert.ok(key, `${what}: only ${Object.keys(operation.responses)} are in the document`);
  seen.add(`${method} ${template} ${key}`);
  const described = operation.responses[key]!;
  if (bytes.length > 0) checkBody(what, described.content, answer.headers.get('content-type') ?? '', bytes);
  for (const name of Object.keys(described.headers ?? {}))
    if (!MAYBE.includes(name)) assert.ok(answer.headers.get(name), `${what}: no ${name}`);
  return { headers: answer.headers, json: () => JSON.parse(bytes.toString()) as Record<string, unknown>, bytes };
}

/** Headers that depend: the length is there once it is known, the expiry until it is finished. */
const MAYBE = ['Upload-Expires', 'Upload-Length'];

function checkBody(what: string, content: Record<string, Media> | undefined, type: string, bytes: Buffer): void {
  const [plain = ''] = type.split(';');
  const media = content?.[plain];
  assert.ok(media, `${what}: ${plain} is not in the document`);
  if (!plain.endsWith('json')) return;
  const validate = ajv.compile(media.schema ?? {});
  assert.ok(validate(JSON.parse(bytes.toString())), `${what}: ${ajv.errorsText(validate.errors)}`);
}

async function refused(template: string, status: number, code: string, init: Call = {}, path = template) {
  assert.equal((await call(template, status, init, path)).json().code, code);
}

const json = (body: unknown, method = 'POST'): Call => ({
  method,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});
const NONE = '0123456789abcdef';

test('videos: upload, list, look, rename, download, process, remove', async () => {
  const bytes = randomBytes(1000);
  const { id } = (await call('/upload', 201, { method: 'POST', body: bytes }, '/upload?filename=a.mp4')).json();
  await call('/upload', 200, { method: 'POST', body: bytes });
  const page = (await call('/videos', 200, {}, '/videos?limit=1&q=A&state=uploaded')).json();
  assert.equal((page.videos as unknown[]).length, 1);
  await call('/videos/{id}', 200, {}, `/videos/${id}`);
  await call('/videos/{id}', 200, json({ title: 'B' }, 'PATCH'), `/videos/${id}`);
  await call('/videos/{id}', 200, json({ visibility: 'private' }, 'PATCH'), `/videos/${id}`);
  await call('/videos/{id}/tokens', 201, json({ expiresInSeconds: 60 }), `/videos/${id}/tokens`);
  await call('/videos/{id}/tokens', 201, { method: 'POST' }, `/videos/${id}/tokens`);
  assert.deepEqual((await call('/videos/{id}/source', 200, {}, `/videos/${id}/source`)).bytes, bytes);
  await call('/videos/{id}/source', 206, { headers: { range: 'bytes=0-9' } }, `/videos/${id}/source`);
  await refused(
    '/videos/{id}/source',
    416,
    'range_not_satisfiable',
    { headers: { range: 'bytes=5000-' } },
    `/videos/${id}/source`,
  );
  await refused('/videos/{id}/process', 409, 'process_running', json({}), `/videos/${id}/process`);
  await sql`update jobs set state = 'failed'`.execute(database.db);
  await sql`update videos set state = 'failed', error_code = 'not_a_video', error_message = 'no'`.execute(database.db);
  await call('/videos/{id}/process', 202, { method: 'POST' }, `/videos/${id}/process`);
  await sql`insert into video_aliases (id, video_id) values ('zzzzzzzzzzzzzzzz', ${id})`.execute(database.db);
  await call('/videos/{id}', 308, {}, '/videos/zzzzzzzzzzzzzzzz');
  await call('/videos/{id}', 204, { method: 'DELETE' }, `/videos/${id}`);
});

test('a video is followed: its timeline, its stream until it is deleted, the stream of all', async () => {
  const { id } = (await call('/upload', 201, { method: 'POST', body: randomBytes(10) }, '/upload?filename=a')).json();
  const { events } = (await call('/videos/{id}/timeline', 200, {}, `/videos/${id}/timeline?limit=10`)).json();
  assert.equal((events as unknown[]).length, 3);
  await sql`insert into video_aliases (id, video_id) values ('yyyyyyyyyyyyyyyy', ${id})`.execute(database.db);
  await call('/videos/{id}/events', 308, {}, '/videos/yyyyyyyyyyyyyyyy/events');
  const following = call('/videos/{id}/events', 200, {}, `/videos/${id}/events?tasks=true`);
  await call('/videos/{id}', 204, { method: 'DELETE' }, `/videos/${id}`);
  assert.match((await following).bytes.toString(), /event: deleted/);
  const other = await UploadApi.start(database);
  const all = call('/events', 200, {}, '/events', other.url);
  await other.stopStreams();
  await all;
  await other[Symbol.asyncDispose]();
});

test('jobs: list, look, cancel, go on, process with a ladder; their tasks, and workers', async () => {
  const { id } = (await call('/upload', 201, { method: 'POST', body: randomBytes(10) }, '/upload?filename=a')).json();
  const { jobs } = (await call('/jobs', 200, {}, `/jobs?state=queued&videoId=${id}&limit=1`)).json();
  const [{ id: jobId }] = jobs as [{ id: string }];
  const of = (action: string) => ['/jobs/{id}'.concat(action), `/jobs/${jobId}${action}`] as const;
  await call('/jobs/{id}', 200, {}, `/jobs/${jobId}`);
  await insertRows(jobId);
  const { tasks } = (await call('/jobs/{id}/tasks', 200, {}, `/jobs/${jobId}/tasks?state=open`)).json();
  assert.equal((tasks as unknown[]).length, 1);
  await call('/tasks', 200, {}, `/tasks?jobId=${jobId}&videoId=${id}&state=leased`);
  await call('/workers', 200);
  const [retry, retryPath] = of('/retry');
  const [cancel, cancelPath] = of('/cancel');
  await refused(retry, 409, 'job_not_failed', { method: 'POST' }, retryPath);
  assert.equal((await call(cancel, 202, { method: 'POST' }, cancelPath)).json().state, 'cancelled');
  await refused(cancel, 409, 'job_not_running', { method: 'POST' }, cancelPath);
  assert.equal((await call(retry, 202, json({}), retryPath)).json().state, 'queued');
  await call(cancel, 202, json({}), cancelPath);
  const wish = json({ ladder: [720, 360] });
  const { job } = (await call('/videos/{id}/process', 202, wish, `/videos/${id}/process`)).json();
  assert.equal((job as { generation: number }).generation, 2);
  await refused(retry, 409, 'job_not_failed', { method: 'POST' }, retryPath);
});

/** A worker that holds a task of the job, with every field filled. */
async function insertRows(jobId: string): Promise<void> {
  await sql`
    insert into workers (session, worker, version, cores, memory_mib, encoders, orchestrator, connection)
    values ('00000000-0000-4000-8000-000000000001', 'w', '1', 1, 1, '{libx264}', 'o', gen_random_uuid())
  `.execute(database.db);
  await sql`
    insert into tasks (id, job_id, video_id, kind, spec, state, session, worker, lease_until, error_code, error_tail)
    select gen_random_uuid(), id, video_id, 'audio', '{"kind": "audio", "plan": {"rendition": "a"}}', 'leased',
      '00000000-0000-4000-8000-000000000001', 'w', now(), 'ffmpeg_failed', 'tail'
    from jobs where id = ${jobId}
  `.execute(database.db);
}

test('jobs, tasks and streams: every refusal', async () => {
  const none = '00000000-0000-4000-8000-000000000000';
  for (const id of [none, 'x']) {
    await refused('/jobs/{id}', 404, 'no_such_job', {}, `/jobs/${id}`);
    await refused('/jobs/{id}/tasks', 404, 'no_such_job', {}, `/jobs/${id}/tasks`);
    for (const action of ['cancel', 'retry'])
      await refused(`/jobs/{id}/${action}`, 404, 'no_such_job', { method: 'POST' }, `/jobs/${id}/${action}`);
  }
  for (const query of ['state=lost', 'limit=0', 'limit=1001', 'videoId=x'])
    await refused('/jobs', 400, 'bad_request', {}, `/jobs?${query}`);
  await refused('/jobs', 400, 'bad_cursor', {}, '/jobs?cursor=x');
  await refused('/tasks', 400, 'bad_cursor', {}, '/tasks?cursor=1_2');
  await refused('/tasks', 400, 'bad_request', {}, '/tasks?jobId=x');
  await refused('/videos/{id}/timeline', 404, 'no_such_video', {}, `/videos/${NONE}/timeline`);
  await refused('/videos/{id}/timeline', 400, 'bad_request', {}, `/videos/${NONE}/timeline?after=-1`);
  await refused('/videos/{id}/events', 404, 'no_such_video', {}, `/videos/${NONE}/events`);
  const odd = { headers: { 'last-event-id': 'x' } };
  await refused('/videos/{id}/events', 400, 'bad_request', odd, `/videos/${NONE}/events`);
  for (const ladder of [
    [],
    [361],
    [360, 360],
    [90],
    [4322],
    ['360'],
    Array.from({ length: 13 }, (_, i) => 100 + 2 * i),
  ])
    await refused('/videos/{id}/process', 400, 'bad_request', json({ ladder }), `/videos/${NONE}/process`);
});

test('videos: every refusal', async () => {
  for (const [template, method] of [
    ['/videos/{id}', 'GET'],
    ['/videos/{id}', 'DELETE'],
    ['/videos/{id}/source', 'GET'],
    ['/videos/{id}/tokens', 'POST'],
    ['/videos/{id}/process', 'POST'],
  ] as const)
    await refused(template, 404, 'no_such_video', { method }, template.replace('{id}', NONE));
  await refused('/videos/{id}', 404, 'no_such_video', json({ title: 'x' }, 'PATCH'), `/videos/${NONE}`);
  for (const change of [{}, { title: '' }, { visibility: 'secret' }])
    await refused('/videos/{id}', 400, 'bad_request', json(change, 'PATCH'), `/videos/${NONE}`);
  for (const expiresInSeconds of [0, 1.5, 1e9])
    await refused('/videos/{id}/tokens', 400, 'bad_request', json({ expiresInSeconds }), `/videos/${NONE}/tokens`);
  await refused('/videos/{id}/process', 400, 'bad_request', json({ force: 'x' }), `/videos/${NONE}/process`);
  for (const query of ['limit=0', 'limit=x', 'state=lost', `q=${'x'.repeat(201)}`])
    await refused('/videos', 400, 'bad_request', {}, `/videos?${query}`);
  await refused('/videos', 400, 'bad_cursor', {}, '/videos?cursor=nonsense');
  await refused('/videos', 400, 'url_refused', json({ url: 'http://127.0.0.1/a.mp4' }));
  await refused('/videos', 400, 'bad_request', json({ title: 'no url' }));
  await refused('/videos', 400, 'bad_request', { ...json(0), body: '{' });
  await refused('/videos', 413, 'bad_request', json({ url: 'x'.repeat(100_000) }));
});

test('captions: store, list, look, remove, and every refusal', async () => {
  const { id } = (await call('/videos', 202, json({ url: 'https://example.org/b.mp4', title: 'B' }))).json();
  const put = (body: string): Call => ({ method: 'PUT', headers: { 'content-type': 'text/vtt' }, body });
  const one = '/videos/{id}/text/{language}';
  const path = `/videos/${id}/text/en`;
  await call(one, 200, put('WEBVTT\n\n00:01.000 --> 00:02.000\nHello\n'), path);
  await call('/videos/{id}/text', 200, {}, `/videos/${id}/text`);
  await call(one, 200, {}, path);
  await refused(one, 422, 'bad_captions', put('nothing'), path);
  await refused(one, 400, 'bad_language', put('nothing'), `/videos/${id}/text/no_language`);
  await call(one, 204, { method: 'DELETE' }, path);
  await refused(one, 404, 'no_such_captions', { method: 'DELETE' }, path);
  await refused(one, 404, 'no_such_captions', {}, path);
  await refused('/videos/{id}/text', 404, 'no_such_video', {}, `/videos/${NONE}/text`);
});

test('a URL is taken down, and its source cannot be had before it is here', async () => {
  const { id, state } = (await call('/videos', 202, json({ url: 'https://example.org/a.mp4', title: 'A' }))).json();
  assert.equal(state, 'uploading');
  await refused('/videos/{id}/source', 409, 'upload_not_finished', {}, `/videos/${id}/source`);
  await refused('/videos/{id}/process', 409, 'upload_not_finished', { method: 'POST' }, `/videos/${id}/process`);
});

test('plain uploads: every refusal', async () => {
  const post = (headers: Record<string, string>, body: BodyInit = 'x'): Call => ({ method: 'POST', headers, body });
  const unknown = createHash('sha256').update(randomBytes(9)).digest('hex');
  await refused('/upload', 400, 'empty_upload', { method: 'POST' });
  await refused('/upload', 400, 'bad_file_name', post({}), '/upload?filename=a%00b');
  await refused('/upload', 400, 'bad_request', post({ 'repr-digest': 'sha-256=nonsense' }));
  await refused('/upload', 400, 'bad_request', post({ 'content-type': 'multipart/form-data' }));
  await refused('/upload', 404, 'unknown_content', { method: 'POST', headers: { 'millrace-content-id': unknown } });
  await refused('/upload', 413, 'upload_too_large', post({}, Buffer.alloc(9 * MiB + 1)));
  await refused(
    '/upload',
    422,
    'digest_mismatch',
    post({ 'repr-digest': `sha-256=:${Buffer.alloc(32).toString('base64')}:` }),
  );
  await call('/upload', 201, post({ 'idempotency-key': 'k' }, 'one'));
  await refused('/upload', 422, 'idempotency_mismatch', post({ 'idempotency-key': 'k' }, 'two'));
  store.full = /./;
  await refused('/upload', 503, 'store_unavailable', post({}, 'three'));
  store.full = undefined;
});

const VERSION = { 'tus-resumable': '1.0.0' };
const octets = { ...VERSION, 'content-type': 'application/offset+octet-stream' };
const at = (offset: number, body: BodyInit, more: Record<string, string> = {}): Call => ({
  method: 'PATCH',
  headers: { ...octets, 'upload-offset': String(offset), ...more },
  body,
});

test('resumable uploads: begin, go on, look, give up', async () => {
  await call('/uploads', 204, { method: 'OPTIONS' });
  const begin = { method: 'POST', headers: { ...VERSION, 'upload-length': '10' } };
  const path = (await call('/uploads', 201, begin)).headers.get('location')!;
  await call('/uploads/{id}', 204, { method: 'OPTIONS' }, path);
  await call('/uploads/{id}', 204, at(0, 'hello'), path);
  await call('/uploads/{id}', 200, { method: 'HEAD', headers: VERSION }, path);
  const overriding = { ...VERSION, 'x-http-method-override': 'HEAD' };
  await call('/uploads/{id}', 200, { method: 'POST', headers: overriding }, path);
  await refused('/uploads/{id}', 409, 'upload_offset_conflict', at(3, 'hello'), path);
  await refused('/uploads/{id}', 413, 'upload_too_long', at(5, 'too long'), path);
  const wrong = { 'upload-checksum': `sha1 ${Buffer.alloc(20).toString('base64')}` };
  await refused('/uploads/{id}', 460, 'checksum_mismatch', at(5, 'world', wrong), path);
  store.full = /./;
  await refused('/uploads/{id}', 503, 'store_unavailable', at(5, 'wor'), path);
  store.full = undefined;
  const giveUp = { ...octets, 'x-http-method-override': 'DELETE' };
  await call('/uploads/{id}', 204, { method: 'POST', headers: giveUp }, path);
  await call('/uploads/{id}', 404, { method: 'HEAD', headers: VERSION }, path);
  await refused('/uploads/{id}', 404, 'no_such_upload', at(0, 'x'), path);
  await refused('/uploads/{id}', 404, 'no_such_upload', { method: 'DELETE', headers: VERSION }, path);
  await refused('/uploads/{id}', 404, 'no_such_upload', { method: 'POST', headers: giveUp }, path);
  const again = (await call('/uploads', 201, begin)).headers.get('location')!;
  await call('/uploads/{id}', 204, { method: 'DELETE', headers: VERSION }, again);
  await refused('/uploads', 400, 'empty_upload', { method: 'POST', headers: { ...VERSION, 'upload-length': '0' } });
  await refused('/uploads', 413, 'upload_too_large', {
    method: 'POST',
    headers: { ...VERSION, 'upload-length': String(10 * MiB) },
  });
});

test('a rendition is downloaded, whole or in part', async () => {
  const world = await JobWorld.open();
  const tiny = new MemoryObjectStore();
  const other = await UploadApi.start(world, { store: tiny });
  const path = `/videos/${await makeVideo(world, tiny)}/download/v360.mp4`;
  await publishMade(world);
  const file = '/videos/{id}/download/{file}';
  await call(file, 200, {}, path, other.url);
  await call(file, 206, { headers: { range: 'bytes=0-9' } }, path, other.url);
  await refused(file, 404, 'no_such_video', {}, `/videos/${NONE}/download/v360.mp4`);
  await other[Symbol.asyncDispose]();
  await world.close();
});

test('webhooks: create, list, what was sent, remove, and every refusal', async () => {
  const secret = `whsec_${randomBytes(32).toString('base64')}`;
  const wish = { url: 'https://example.org/hook', secret, states: ['ready'] };
  const { id } = (await call('/webhooks', 201, json(wish))).json();
  const list = await call('/webhooks', 200);
  assert.ok(!list.bytes.toString().includes(secret.slice(6)));
  await sql`
    insert into webhook_deliveries (webhook_id, video_id, state, at) values (${id}, ${NONE}, 'ready', now())
  `.execute(database.db);
  const log = await call('/webhooks/deliveries', 200, {}, `/webhooks/deliveries?webhookId=${id}&videoId=${NONE}`);
  assert.equal((log.json().deliveries as unknown[]).length, 1);
  await refused('/webhooks/deliveries', 400, 'bad_cursor', {}, '/webhooks/deliveries?cursor=x');
  await refused('/webhooks/deliveries', 400, 'bad_request', {}, '/webhooks/deliveries?videoId=x');
  for (const url of ['http://example.org/', 'https://10.0.0.1/', 'https://[::1]/', 'https://a:b@example.org/', 'x'])
    await refused('/webhooks', 400, 'url_refused', json({ ...wish, url }));
  const weak = await call('/webhooks', 400, json({ ...wish, secret: 'whsec_tooShort' }));
  assert.ok(!weak.bytes.toString().includes('tooShort'), 'a secret is not answered');
  await refused('/webhooks', 400, 'bad_request', json({ ...wish, states: ['lost'] }));
  await call('/webhooks/{id}', 204, { method: 'DELETE' }, `/webhooks/${id}`);
  for (const gone of [id, 'x'])
    await refused('/webhooks/{id}', 404, 'no_such_webhook', { method: 'DELETE' }, `/webhooks/${gone}`);
});

test('health and metrics', async () => {
  await call('/health', 200);
  await call('/metrics', 200);
});

test('every answer of the document was seen: no route of it is untested', () => {
  const unseen = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item)
      .filter(([method]) => method !== 'parameters')
      .flatMap(([method, { responses }]) => Object.keys(responses).map((status) => `${method} ${path} ${status}`)),
  );
  // Outages are made where a body is stored; they come by the same way everywhere.
  const missing = unseen.filter((name) => !seen.has(name) && !/ (5XX|503)$/.test(name));
  assert.deepEqual(missing, []);
  assert.equal(document.openapi, '3.1.0');
});

test('the reference page and its scripts come from this server alone', async () => {
  const page = await fetch(`${api.url}/docs/api/`);
  assert.equal(page.status, 200);
  const html = await page.text();
  const files = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path = '']) => path);
  assert.ok(files.length >= 3);
  for (const file of files) {
    assert.doesNotMatch(file, /^(https?:)?\/\//);
    assert.equal((await fetch(new URL(file, page.url))).status, 200, file);
  }
  assert.equal((await fetch(`${api.url}/docs/api/json`)).status, 200);
});

test('the type of a problem leads to its description', async () => {
  const answer = await fetch(`${api.url}/videos/${NONE}`);
  const { type, code } = (await answer.json()) as { type: string; code: string };
  const [path, id] = type.split('#');
  const page = await (await fetch(api.url + path)).text();
  assert.equal(id, code);
  assert.ok(page.includes(`id="${code}"`));
});
