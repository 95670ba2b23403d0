import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { startDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { create, metadata, offsetOf, openPatch, patch, tus } from '../support/tus-client.ts';
import { expire, MiB, UploadApi, uploadIdOf } from '../support/upload-world.ts';

const PART = 8 * MiB;

let database: TestDatabase;
let api: UploadApi;
before(async () => {
  database = await startDatabase();
  api = await UploadApi.start(database, { maxUploadBytes: 64 * MiB, idleMs: 2_000 });
});
after(async () => {
  await api?.[Symbol.asyncDispose]();
  await database?.[Symbol.asyncDispose]();
});

const tails = (url: string): string => `uploads/${uploadIdOf(url)}/`;

const checksum = (algorithm: string, bytes: Uint8Array): string =>
  `${algorithm} ${createHash(algorithm).update(bytes).digest('base64')}`;

test('OPTIONS tells the version, the extensions, the largest size and the checksum algorithms', async () => {
  const { status, headers } = await tus(`${api.url}/uploads`, 'OPTIONS');
  assert.equal(status, 204);
  assert.equal(headers.get('tus-version'), '1.0.0');
  assert.equal(headers.get('tus-max-size'), String(64 * MiB));
  assert.equal(headers.get('tus-checksum-algorithm'), 'sha1,sha256');
  const extensions = 'creation,creation-with-upload,creation-defer-length,checksum,expiration,termination';
  assert.equal(headers.get('tus-extension'), extensions);
});

test('bytes that are read again behind a tail count as received once', async () => {
  await using own = await UploadApi.start(database);
  const bytes = randomBytes(6 * MiB);
  const { url } = await create(own.url, { size: bytes.length });
  for (const from of [0, 2 * MiB, 4 * MiB]) await patch(url, from, bytes.subarray(from, from + 2 * MiB));
  await fetch(`${own.url}/upload`, { method: 'POST', body: randomBytes(MiB) });
  const metrics = await (await fetch(`${own.url}/metrics`)).text();
  assert.match(metrics, new RegExp(`^millrace_upload_bytes_total ${7 * MiB}$`, 'm'));
});

test('an upload in three requests of odd sizes gives back the identical bytes', async () => {
  const bytes = randomBytes(PART * 2 + 12_345);
  const { url, videoId, status, headers } = await create(api.url, { size: bytes.length });
  assert.equal(status, 201);
  assert.match(url, /\/uploads\/[0-9a-f]{32}$/);
  assert.ok(Date.parse(headers.get('upload-expires')!) > Date.now());
  for (const [from, to] of [
    [0, 3_000_001],
    [3_000_001, PART + 7],
    [PART + 7, bytes.length],
  ] as const) {
    const answer = await patch(url, from, bytes.subarray(from, to));
    assert.deepEqual([answer.status, answer.headers.get('upload-offset')], [204, String(to)]);
    assert.equal(await offsetOf(url), to);
  }
  assert.deepEqual(await api.source(videoId), bytes);
  const source = `videos/${videoId}/source/`;
  assert.deepEqual(
    await api.keys(source),
    [0, 1, 2].map((part) => `${source}00000${part}`),
  );
  assert.deepEqual(await api.keys(tails(url)), [], 'no tail is left');
  assert.equal((await api.json(`/videos/${videoId}`)).state, 'uploaded');
});

test('HEAD gives back length and metadata, and must not be cached', async () => {
  const meta = { filename: 'фильм 映画 🎬.mkv', filetype: 'video/x-matroska' };
  const { url, videoId } = await create(api.url, { size: 10, meta });
  const { status, headers } = await tus(url, 'HEAD');
  assert.equal(status, 200);
  assert.equal(headers.get('upload-length'), '10');
  assert.equal(headers.get('upload-offset'), '0');
  assert.equal(headers.get('upload-metadata'), metadata(meta));
  assert.equal(headers.get('cache-control'), 'no-store');
  assert.equal(headers.get('millrace-video-id'), videoId);
  const video = (await api.json(`/videos/${videoId}`)) as { source: { filename: string } };
  assert.equal(video.source.filename, meta.filename);
});

test('bytes may come with the creation', async () => {
  const bytes = randomBytes(1000);
  const head = { 'Upload-Length': '1000', 'Content-Type': 'application/offset+octet-stream' };
  const answer = await tus(`${api.url}/uploads`, 'POST', head, bytes);
  assert.deepEqual([answer.status, answer.headers.get('upload-offset')], [201, '1000']);
  assert.deepEqual(await api.source(answer.headers.get('millrace-video-id')!), bytes);
});

test('a length may be told later, with the last bytes or after them', async () => {
  const bytes = randomBytes(5000);
  const withLast = await create(api.url, {});
  assert.equal((await tus(withLast.url, 'HEAD')).headers.get('upload-defer-length'), '1');
  assert.equal((await patch(withLast.url, 0, bytes.subarray(0, 2000))).status, 204);
  assert.equal((await patch(withLast.url, 2000, bytes.subarray(2000), { 'Upload-Length': '5000' })).status, 204);
  assert.deepEqual(await api.source(withLast.videoId), bytes);

  const later = randomBytes(PART);
  const after = await create(api.url, {});
  assert.equal((await patch(after.url, 0, later)).status, 204);
  assert.equal((await patch(after.url, PART, new Uint8Array(), { 'Upload-Length': String(PART) })).status, 204);
  assert.deepEqual(await api.source(after.videoId), later);
});

test('a length told later counts although the bytes are still to come', async () => {
  const { url } = await create(api.url, {});
  assert.equal((await patch(url, 0, new Uint8Array(), { 'Upload-Length': '300' })).status, 204);
  assert.equal((await tus(url, 'HEAD')).headers.get('upload-length'), '300');
  assert.equal((await patch(url, 0, randomBytes(301))).status, 413);
});

test('chunked bodies, whose length nobody announces, are taken as well', async () => {
  const bytes = randomBytes(PART + 99);
  const { url, videoId } = await create(api.url, { size: bytes.length });
  assert.equal((await patch(url, 0, new Blob([bytes]).stream())).status, 204);
  assert.deepEqual(await api.source(videoId), bytes);
});

for (const algorithm of ['sha1', 'sha256']) {
  test(`a right ${algorithm} is accepted; a wrong one answers 460 and changes nothing`, async () => {
    const bytes = randomBytes(PART * 2 + 100);
    const { url, videoId } = await create(api.url, { size: bytes.length });
    const first = bytes.subarray(0, 1000);
    assert.equal((await patch(url, 0, first, { 'Upload-Checksum': checksum(algorithm, first) })).status, 204);
    const keysBefore = [...(await api.keys(`videos/${videoId}/`)), ...(await api.keys(tails(url)))];

    const rest = bytes.subarray(1000);
    const damaged = Buffer.from(rest);
    damaged[PART + 5]! ^= 1;
    const wrong = await patch(url, 1000, damaged, { 'Upload-Checksum': checksum(algorithm, rest) });
    assert.deepEqual([wrong.status, wrong.code], [460, 'checksum_mismatch']);
    assert.equal(await offsetOf(url), 1000);
    assert.deepEqual([...(await api.keys(`videos/${videoId}/`)), ...(await api.keys(tails(url)))], keysBefore);

    assert.equal((await patch(url, 1000, rest, { 'Upload-Checksum': checksum(algorithm, rest) })).status, 204);
    assert.deepEqual(await api.source(videoId), bytes);
  });
}

test('a request with a checksum that breaks off changes nothing: its bytes cannot be checked', async () => {
  const bytes = randomBytes(PART + 100);
  const { url, videoId } = await create(api.url, { size: bytes.length });
  const sum = checksum('sha256', bytes);
  const stream = new Blob([bytes]).stream().pipeThrough(failAfter(PART + 10));
  await assert.rejects(patch(url, 0, stream, { 'Upload-Checksum': sum }));
  await eventually('the parts are gone', async () => (await api.keys(`videos/${videoId}/`)).length === 0);
  assert.equal(await offsetOf(url), 0);
  assert.equal((await patch(url, 0, bytes, { 'Upload-Checksum': sum })).status, 204);
});

function failAfter(limit: number): TransformStream<Uint8Array, Uint8Array> {
  let seen = 0;
  return new TransformStream({
    transform(chunk, controller) {
      seen += chunk.byteLength;
      controller.enqueue(chunk);
      if (seen > limit) controller.error(new Error('the client breaks off'));
    },
  });
}

test('a checksum that is none is refused', async () => {
  const { url } = await create(api.url, { size: 3 });
  for (const header of ['md5 AAAA', 'sha1', 'sha256 AAAA', 'sha1 !'])
    assert.equal((await patch(url, 0, randomBytes(3), { 'Upload-Checksum': header })).status, 400, header);
  assert.equal(await offsetOf(url), 0);
});

type Refusal = readonly [
  string,
  number,
  string | undefined,
  () => Promise<{ status: number; code: string | undefined }>,
];
const open = async (size = 100): Promise<string> => (await create(api.url, { size })).url;
const nowhere = (): string => `${api.url}/uploads/${'0'.repeat(32)}`;
const octets = { 'Content-Type': 'application/offset+octet-stream' };

const REFUSALS: readonly Refusal[] = [
  ['a wrong offset', 409, 'upload_offset_conflict', async () => patch(await open(), 5, randomBytes(5))],
  ['no offset', 403, 'bad_request', async () => tus(await open(), 'PATCH', octets, randomBytes(5))],
  [
    'an offset that is no number',
    400,
    'bad_request',
    async () => tus(await open(), 'PATCH', { ...octets, 'Upload-Offset': '-1' }, randomBytes(5)),
  ],
  [
    'another content type',
    400,
    'bad_request',
    async () => patch(await open(), 0, randomBytes(5), { 'Content-Type': 'video/mp4' }),
  ],
  ['an unknown upload', 404, 'no_such_upload', async () => patch(nowhere(), 0, randomBytes(5))],
  ['an id that is none', 404, 'no_such_upload', async () => patch(`${api.url}/uploads/..%2f..`, 0, randomBytes(5))],
  ['more bytes than declared', 413, 'upload_too_long', async () => patch(await open(100), 0, randomBytes(101))],
  [
    'more bytes than declared, chunked',
    413,
    'upload_too_long',
    async () => patch(await open(100), 0, new Blob([randomBytes(101)]).stream()),
  ],
  ['a declared size above the limit', 413, 'upload_too_large', () => create(api.url, { size: 64 * MiB + 1 })],
  ['zero bytes', 400, 'empty_upload', () => create(api.url, { size: 0 })],
  [
    'zero bytes, told later',
    400,
    'empty_upload',
    async () => patch((await create(api.url, {})).url, 0, new Uint8Array(), { 'Upload-Length': '0' }),
  ],
  ['a creation without a length', 400, 'bad_request', () => tus(`${api.url}/uploads`, 'POST')],
  [
    'a creation with both kinds of length',
    400,
    'bad_request',
    () => create(api.url, { size: 5, headers: { 'Upload-Defer-Length': '1' } }),
  ],
  [
    'metadata that is none',
    400,
    'bad_request',
    () => create(api.url, { size: 5, headers: { 'Upload-Metadata': 'filename !!' } }),
  ],
  [
    'a file name with control characters',
    400,
    'bad_file_name',
    () => create(api.url, { size: 5, meta: { filename: 'a\u0000b' } }),
  ],
  [
    'a file name of 256 characters',
    400,
    'bad_file_name',
    () => create(api.url, { size: 5, meta: { filename: 'x'.repeat(256) } }),
  ],
  [
    'a stated content id that is none',
    400,
    'bad_request',
    () => create(api.url, { size: 5, meta: { contentId: 'abc' } }),
  ],
  [
    'another protocol version',
    400,
    'bad_request',
    () => create(api.url, { size: 5, headers: { 'Tus-Resumable': '0.2.2' } }),
  ],
];
for (const [what, status, code, act] of REFUSALS)
  test(`${what} answers ${status} and ${code}`, async () => {
    const answer = await act();
    assert.deepEqual([answer.status, answer.code], [status, code]);
  });

test('what was refused changed nothing', async () => {
  const url = await open(100);
  await patch(url, 0, randomBytes(40));
  for (const body of [randomBytes(61), new Blob([randomBytes(61)]).stream()]) {
    assert.equal((await patch(url, 40, body)).status, 413);
    assert.equal(await offsetOf(url), 40);
  }
});

test('a PATCH that breaks off moves the offset by what came', async () => {
  const bytes = randomBytes(PART + 50_000);
  const { url, videoId } = await create(api.url, { size: bytes.length });
  const sending = openPatch(url, 0, bytes.length);
  await sending.write(bytes.subarray(0, PART + 20_000));
  await eventually('the whole part is stored', async () => (await api.keys(`videos/${videoId}/`)).length === 1);
  sending.breakOff();
  const offset = await offsetOf(url);
  assert.ok(offset! >= PART && offset! <= PART + 20_000, `offset ${offset}`);
  assert.equal((await patch(url, offset!, bytes.subarray(offset!))).status, 204);
  assert.deepEqual(await api.source(videoId), bytes);
});

test('a PATCH that falls silent is ended, and what came of it is kept', async () => {
  const { url } = await create(api.url, { size: 1000 });
  const sending = openPatch(url, 0, 1000);
  await sending.write(randomBytes(300));
  assert.equal(await sending.status, 400);
  assert.equal(await offsetOf(url), 300);
  sending.breakOff();
});

test('termination removes rows and bytes, and the upload is unknown after', async () => {
  const { url, videoId } = await create(api.url, { size: PART * 2 });
  await patch(url, 0, randomBytes(PART + 10));
  assert.equal((await tus(url, 'DELETE')).status, 204);
  assert.equal(await offsetOf(url), undefined);
  assert.deepEqual(await api.keys(`videos/${videoId}/`), []);
  assert.deepEqual(await api.keys(tails(url)), []);
  assert.equal((await fetch(`${api.url}/videos/${videoId}`)).status, 404);
});

test('terminating a finished upload leaves its video', async () => {
  const { url, videoId } = await create(api.url, { size: 10 });
  await patch(url, 0, randomBytes(10));
  assert.equal((await tus(url, 'DELETE')).status, 204);
  assert.equal(await offsetOf(url), undefined);
  assert.equal((await api.json(`/videos/${videoId}`)).state, 'uploaded');
});

test('an expired upload is gone for its client at once, and its rows and bytes with the next sweep', async () => {
  const { url, videoId } = await create(api.url, { size: PART * 2 });
  await patch(url, 0, randomBytes(PART + 10));
  await expire(database, url);
  assert.equal((await tus(url, 'HEAD')).status, 410);
  assert.equal((await patch(url, PART + 10, randomBytes(10))).code, 'upload_expired');
  await Promise.all([api.sweep(), api.sweep(), api.sweep()]);
  assert.equal((await tus(url, 'HEAD')).status, 404);
  assert.deepEqual(await api.keys(`videos/${videoId}/`), []);
  assert.deepEqual(await api.keys(tails(url)), []);
  assert.equal((await fetch(`${api.url}/videos/${videoId}`)).status, 404);
  assert.equal(api.lines.filter(({ event, videoId: id }) => event === 'upload_expired' && id === videoId).length, 1);
});

test('a network that lets only POST through can say PATCH in a header', async () => {
  const { url } = await create(api.url, { size: 10 });
  const answer = await tus(
    url,
    'POST',
    { ...octets, 'Upload-Offset': '0', 'X-HTTP-Method-Override': 'PATCH' },
    randomBytes(4),
  );
  assert.deepEqual([answer.status, answer.headers.get('upload-offset')], [204, '4']);
});

test('deleting a video in mid-upload ends the upload', async () => {
  const { url, videoId } = await create(api.url, { size: PART * 2 });
  await patch(url, 0, randomBytes(PART + 10));
  assert.equal((await fetch(`${api.url}/videos/${videoId}`, { method: 'DELETE' })).status, 204);
  assert.equal((await patch(url, PART + 10, randomBytes(10))).status, 404);
  await api.sweep();
  assert.deepEqual([...(await api.keys(`videos/${videoId}/`)), ...(await api.keys(tails(url)))], []);
});
