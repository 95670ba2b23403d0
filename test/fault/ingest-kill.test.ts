import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { VideoResource } from '../../src/domain/video-resource.ts';
import { startDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { sourceServer } from '../support/ingest-world.ts';
import { UploadFolder, UploadProcess } from '../support/upload-process.ts';

const MiB = 1024 * 1024;

test('an upload-api that is killed while it fetches a URL goes on after its restart, where the last stored byte was', async () => {
  const bytes = randomBytes(20 * MiB);
  await using server = await sourceServer((request, response, count) => {
    const first = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const range = { 'content-range': `bytes ${first}-${bytes.length - 1}/${bytes.length}` };
    const headers = { etag: '"v1"', 'content-length': bytes.length - first };
    response.writeHead(first > 0 ? 206 : 200, first > 0 ? { ...headers, ...range } : headers);
    // The first answer stands still in the middle, so that the kill comes in the middle.
    if (count === 1) return void response.write(bytes.subarray(0, 12 * MiB));
    response.end(bytes.subarray(first));
  });
  await using database = await startDatabase();
  await using folder = await UploadFolder.make();
  await using api = await UploadProcess.start(folder, database.url, { MILLRACE_INGEST_PRIVATE: 'true' });
  const answer = await fetch(`${api.url}/videos`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ url: `${server.url}/a.mp4` }),
  });
  assert.equal(answer.status, 202);
  const path = answer.headers.get('location')!;
  const source = join(folder.objects, path, 'source');
  const look = async (): Promise<VideoResource> => (await (await fetch(api.url + path)).json()) as VideoResource;
  await eventually('a part is stored, and its row says so', async () => {
    const rows = await database.db.selectFrom('uploads').select('whole_parts').execute();
    return rows[0]?.whole_parts === 1;
  });
  await api.kill();
  await api.start();
  await eventually('the source is here', async () => (await look()).state === 'uploaded');
  assert.deepEqual(
    server.requests.map((request) => request.headers.range),
    [undefined, `bytes=${8 * MiB}-`],
  );
  const stored = await fetch(`${api.url}${path}/source`);
  assert.deepEqual(Buffer.from(await stored.arrayBuffer()), bytes);
  assert.ok((await readdir(source)).length >= 3);
});

test('a URL on this machine is refused unless it is allowed', async () => {
  await using server = await sourceServer((_, response) => response.end('x'));
  await using database = await startDatabase();
  await using folder = await UploadFolder.make();
  await using api = await UploadProcess.start(folder, database.url);
  const url = server.url.replace('127.0.0.1', 'localhost');
  const answer = await fetch(`${api.url}/videos`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ url }),
  });
  assert.equal(answer.status, 202, 'a name tells nothing before it is looked up');
  const path = answer.headers.get('location')!;
  await eventually('it is refused', async () => {
    const video = (await (await fetch(api.url + path)).json()) as VideoResource;
    return video.error?.code === 'url_refused';
  });
  assert.equal(server.requests.length, 0);
});
