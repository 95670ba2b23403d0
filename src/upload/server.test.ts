import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { after, before, beforeEach, test } from 'node:test';
import { MemoryObjectStore } from '../../test/fakes/memory-object-store.ts';
import { eventually } from '../../test/support/eventually.ts';
import { startUploadApi, type UploadApiWorld } from '../../test/support/upload-api.ts';
import { PART_SIZE_BYTES } from '../domain/source.ts';
import type { UploadAnswer, VideoList, VideoResource } from '../domain/video-resource.ts';

/** Small, so that a test can go past it. */
const MAX_BYTES = 3 * PART_SIZE_BYTES;
const NO_VIDEO = '0123456789abcdef';

let world: UploadApiWorld;
before(async () => {
  world = await startUploadApi({ store: new MemoryObjectStore(), maxUploadBytes: MAX_BYTES });
});
beforeEach(() => world.empty());
after(() => world[Symbol.asyncDispose]());

const call = (path: string, init: RequestInit = {}): Promise<Response> => fetch(new URL(path, world.url), init);
const upload = (body: BodyInit, headers: Record<string, string> = {}, name = 'clip.mp4'): Promise<Response> =>
  call(`/upload?filename=${encodeURIComponent(name)}`, { method: 'POST', body, headers });
const json = { 'content-type': 'application/json' };

test('an upload answers with the video, which can be found, renamed, downloaded in ranges and removed', async () => {
  const bytes = randomBytes(PART_SIZE_BYTES + 1_000);
  const response = await upload(bytes, {}, 'Köln 1.mp4');
  const answer = (await response.json()) as UploadAnswer;
  assert.deepEqual([response.status, answer.created, answer.state], [201, true, 'uploaded']);
  const path = response.headers.get('location')!;
  assert.equal(path, `/videos/${answer.id}`);

  const video = (await (await call(path)).json()) as VideoResource;
  assert.deepEqual(
    [video.title, video.source.sizeBytes, video.source.contentId, video.job?.state],
    ['Köln 1', bytes.byteLength, answer.contentId, 'queued'],
  );
  const renamed = await call(path, { method: 'PATCH', headers: json, body: JSON.stringify({ title: ' Dom ' }) });
  assert.equal(((await renamed.json()) as VideoResource).title, 'Dom');

  const range = { range: `bytes=${PART_SIZE_BYTES - 10}-${PART_SIZE_BYTES + 9}` };
  const piece = await call(`${path}/source`, { headers: range });
  assert.equal(piece.status, 206);
  const wanted = bytes.subarray(PART_SIZE_BYTES - 10, PART_SIZE_BYTES + 10);
  assert.deepEqual(Buffer.from(await piece.arrayBuffer()), wanted);
  const whole = await call(`${path}/source`);
  assert.equal(Buffer.compare(Buffer.from(await whole.arrayBuffer()), bytes), 0);

  assert.equal((await call(path, { method: 'DELETE' })).status, 204);
  await refused(await call(path), 404, 'no_such_video');
  assert.deepEqual(world.store.keys(), []);
});

test('the same bytes again are the video that exists, and leave nothing behind', async () => {
  const bytes = randomBytes(5_000);
  const first = (await (await upload(bytes)).json()) as UploadAnswer;
  const before = world.store.keys();
  const again = await upload(bytes, {}, 'another name.mov');
  assert.equal(again.status, 200);
  const answer = (await again.json()) as UploadAnswer;
  assert.deepEqual([answer.id, answer.created], [first.id, false]);
  assert.deepEqual(world.store.keys(), before);
});

test('a form is as good as a raw body', async () => {
  const form = new FormData();
  form.append('file', new Blob([randomBytes(5_000)], { type: 'video/mp4' }), 'Ferien.mp4');
  const response = await call('/upload', { method: 'POST', body: form });
  assert.equal(response.status, 201);
  const { id } = (await response.json()) as UploadAnswer;
  const video = (await (await call(`/videos/${id}`)).json()) as VideoResource;
  assert.deepEqual([video.source.filename, video.source.contentType], ['Ferien.mp4', 'video/mp4']);
});

test('a stated digest is checked, and a wrong one leaves nothing behind', async () => {
  const bytes = randomBytes(5_000);
  const right = createHash('sha256').update(bytes).digest('base64');
  const wrong = createHash('sha256').update('other').digest('base64');
  await refused(await upload(bytes, { 'repr-digest': `sha-256=:${wrong}:` }), 422, 'digest_mismatch');
  await nothingIsLeft();
  assert.equal((await upload(bytes, { 'repr-digest': `sha-256=:${right}:` })).status, 201);
});

test('every refused upload says why by a code, and leaves nothing behind', async () => {
  const tooLarge = Buffer.alloc(MAX_BYTES + 1);
  await refused(await upload(''), 400, 'empty_upload');
  await refused(await upload(tooLarge), 413, 'upload_too_large');
  await refused(await upload('x', {}, 'a\u0000b'), 400, 'bad_file_name');
  await refused(await upload('x', { 'repr-digest': 'sha-256=nonsense' }), 400, 'bad_request');
  await refused(await upload('x', { 'content-type': 'multipart/form-data' }), 400, 'bad_request');
  const form = new FormData();
  form.append('title', 'no file here');
  await refused(await call('/upload', { method: 'POST', body: form }), 400, 'bad_request');
  await nothingIsLeft();
});

test('an upload of unknown length is ended at the first byte too many', async () => {
  const piece = new Uint8Array(1024 * 1024);
  let sent = 0;
  const body = new ReadableStream({
    pull(controller) {
      sent += piece.byteLength;
      if (sent > 4 * MAX_BYTES) controller.close();
      else controller.enqueue(piece);
    },
  });
  const init = { method: 'POST', body, duplex: 'half' } as RequestInit;
  await refused(await call('/upload?filename=x', init), 413, 'upload_too_large');
  await nothingIsLeft();
});

test('an upload that the client cuts off leaves no row and no object', async () => {
  const forms = [
    'content-type: video/mp4\r\n\r\n',
    'content-type: multipart/form-data; boundary=X\r\n\r\n--X\r\n' +
      'content-disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n',
  ];
  for (const head of forms) {
    const { port, hostname } = new URL(world.url);
    const socket = connect(Number(port), hostname);
    socket.write(`POST /upload?filename=a.mp4 HTTP/1.1\r\nhost: x\r\ncontent-length: 20000000\r\n${head}`);
    socket.write(randomBytes(PART_SIZE_BYTES + 5_000));
    // The first part has been stored: there is something to clean up.
    await eventually('a part was stored', () => world.store.keys().length === 1);
    socket.destroy();
    await eventually('nothing is left of it', async () => world.store.keys().length === 0 && (await rows()) === 0);
  }
});

test('bytes after the stated length are no part of the upload', async () => {
  const { port, hostname } = new URL(world.url);
  const socket = connect(Number(port), hostname);
  const head = 'POST /upload?filename=a.mp4 HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\nconnection: close\r\n\r\n';
  socket.write(`${head}hello${'!'.repeat(300)}`);
  let answer = '';
  for await (const text of socket.setEncoding('utf8')) answer += text;
  assert.match(answer, /^HTTP\/1\.1 (201|400) /);
  await eventually('the upload is settled', async () => (await listed()).every(({ state }) => state === 'uploaded'));
  // One that was given up because of the noise after it may still be on its way out.
  const whole = (await listed()).filter(({ state }) => state === 'uploaded');
  for (const { id } of whole) assert.equal(await (await call(`/videos/${id}/source`)).text(), 'hello');
});

test('whatever does not exist is a problem with a code', async () => {
  await refused(await call('/nowhere'), 404, 'no_such_page');
  await refused(await call('/videos/x'), 404, 'no_such_video');
  for (const [method, path] of [
    ['GET', ''],
    ['DELETE', ''],
    ['POST', '/process'],
    ['GET', '/source'],
  ])
    await refused(await call(`/videos/${NO_VIDEO}${path}`, { method: method! }), 404, 'no_such_video');
  const body = JSON.stringify({ title: 'x' });
  await refused(await call(`/videos/${NO_VIDEO}`, { method: 'PATCH', headers: json, body }), 404, 'no_such_video');
});

test('bad input is refused and changes nothing', async () => {
  const { id } = (await (await upload(randomBytes(100))).json()) as UploadAnswer;
  const patch = (body: string) => call(`/videos/${id}`, { method: 'PATCH', headers: json, body });
  for (const body of ['{', '{}', '{"title":""}', '{"title":"   "}', `{"title":"${'x'.repeat(201)}"}`, '[]', '"x"'])
    await refused(await patch(body), 400, 'bad_request');
  await refused(await patch(JSON.stringify({ title: 'x'.repeat(100_000) })), 413, 'bad_request');
  for (const query of ['limit=0', 'limit=101', 'limit=x', 'limit=1.5'])
    await refused(await call(`/videos?${query}`), 400, 'bad_request');
  await refused(await call('/videos?cursor=nonsense'), 400, 'bad_cursor');
  await refused(await call(`/videos/${id}/source`, { headers: { range: 'bytes=100-' } }), 416, 'range_not_satisfiable');
  await refused(await call(`/videos/${id}/process`, { method: 'POST' }), 409, 'process_running');
  assert.equal(((await (await call(`/videos/${id}`)).json()) as VideoResource).title, 'clip');
});

test('the OpenAPI document lists every public route', async () => {
  const document = (await (await call('/openapi.json')).json()) as { paths: Record<string, object> };
  const routes = Object.entries(document.paths).flatMap(([path, verbs]) =>
    Object.keys(verbs).map((v) => `${v} ${path}`),
  );
  for (const route of [
    'post /upload',
    'get /videos',
    'get /videos/{id}',
    'patch /videos/{id}',
    'delete /videos/{id}',
    'post /videos/{id}/process',
    'get /videos/{id}/source',
  ])
    assert.ok(routes.includes(route), `${route} in ${routes}`);
});

test('a role tells of its health and its metrics', async () => {
  const health = await call('/health');
  assert.equal(health.status, 200);
  assert.equal(((await health.json()) as { status: string }).status, 'ok');
  assert.match(await (await call('/metrics')).text(), /millrace_/);
});

async function refused(response: Response, status: number, code: string): Promise<void> {
  const text = await response.text();
  assert.equal(response.status, status, text);
  assert.match(response.headers.get('content-type') ?? '', /^application\/problem\+json\b/, text);
  const problem = JSON.parse(text) as { code: string; status: number; title: string; type: string };
  assert.deepEqual([problem.code, problem.status], [code, status]);
  assert.ok(problem.title && problem.type, text);
}

const listed = async (): Promise<VideoResource[]> => ((await (await call('/videos')).json()) as VideoList).videos;

const rows = async (): Promise<number> => (await world.db.selectFrom('videos').select('id').execute()).length;

async function nothingIsLeft(): Promise<void> {
  assert.deepEqual(world.store.keys(), []);
  assert.equal(await rows(), 0);
}
