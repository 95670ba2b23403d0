import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { after, before, beforeEach, test } from 'node:test';
import { sql } from 'kysely';
import { isPublicAddress } from '../../src/lib/public-address.ts';
import { FullStore } from '../fakes/full-store.ts';
import { MemoryObjectStore } from '../fakes/memory-object-store.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { IngestWorld, sourceServer } from '../support/ingest-world.ts';

/** Sources are fetched by their URLs from real servers, with rows in a real PostgreSQL. */
const MiB = 1024 * 1024;
const PART = 8 * MiB;

let database: TestDatabase;
before(async () => {
  database = await startDatabase();
});
after(() => database?.[Symbol.asyncDispose]());
beforeEach(async () => {
  await sql`truncate videos, events cascade`.execute(database.db);
});

/** Answers as a static file server does; `cutAfter` breaks the connection off after so many bytes. */
function sendFile(request: IncomingMessage, response: ServerResponse, bytes: Buffer, cutAfter?: number): void {
  const tag = '"v1"';
  const first = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  const isRange = first > 0 && request.headers['if-range'] === tag;
  const body = isRange ? bytes.subarray(first) : bytes;
  const range = { 'content-range': `bytes ${first}-${bytes.length - 1}/${bytes.length}` };
  response.writeHead(isRange ? 206 : 200, { etag: tag, 'content-length': body.length, ...(isRange ? range : {}) });
  if (cutAfter === undefined) return void response.end(body);
  response.write(body.subarray(0, cutAfter), () => response.destroy());
}

const ok = (bytes: Buffer) => (request: IncomingMessage, response: ServerResponse) =>
  sendFile(request, response, bytes);

test('a URL becomes a video with the bytes behind it, named after it', async () => {
  const bytes = randomBytes(PART + 1000);
  await using server = await sourceServer(ok(bytes));
  const world = new IngestWorld(database);
  const video = await world.fetch(`${server.url}/films/K%C3%B6ln%201.mp4?token=x`);
  assert.deepEqual([video?.state, video?.title, video?.source.filename], ['uploaded', 'Köln 1', 'Köln 1.mp4']);
  assert.equal(video?.source.sizeBytes, bytes.length);
  assert.deepEqual(await world.source(video!.id), bytes);
  assert.deepEqual(await world.keys('uploads/'), []);
  assert.equal(server.requests.length, 1);
});

test('a title that was given is the title', async () => {
  await using server = await sourceServer(ok(randomBytes(10)));
  const world = new IngestWorld(database);
  const id = await world.start(`${server.url}/a.mp4`, 'Ferien');
  assert.equal((await world.records.find(id))?.title, 'Ferien');
});

test('bytes that are a video already end as that video', async () => {
  const bytes = randomBytes(1000);
  await using server = await sourceServer(ok(bytes));
  const world = new IngestWorld(database);
  const elder = await world.fetch(`${server.url}/a`);
  const id = await world.start(`${server.url}/b`);
  await world.run();
  assert.equal(await world.records.elderOf(id), elder?.id);
  assert.deepEqual(await world.keys(`videos/${id}/`), []);
});

test('a source that breaks off is gone on with where the last stored byte was', async () => {
  const bytes = randomBytes(2 * PART);
  const cut = PART + 2 * MiB;
  await using server = await sourceServer((request, response, count) =>
    sendFile(request, response, bytes, count === 1 ? cut : undefined),
  );
  const world = new IngestWorld(database);
  const video = await world.fetch(`${server.url}/a.mp4`);
  assert.equal(video?.state, 'uploaded', JSON.stringify(video?.error));
  const [, second] = server.requests;
  const from = Number(/^bytes=(\d+)-$/.exec(second!.headers.range!)![1]);
  assert.ok(from >= PART && from <= cut, `went on at ${from}`);
  assert.deepEqual(await world.source(video!.id), bytes);
});

test('a source that sends less of the rest than was asked for is asked again until all is here', async () => {
  const bytes = randomBytes(2 * PART);
  await using server = await sourceServer((request, response, count) => {
    if (count !== 2) return sendFile(request, response, bytes, count === 1 ? PART + 2 * MiB : undefined);
    const first = Number(/^bytes=(\d+)-$/.exec(request.headers.range!)![1]);
    const some = bytes.subarray(first, first + MiB);
    const range = `bytes ${first}-${first + some.length - 1}/${bytes.length}`;
    response.writeHead(206, { etag: '"v1"', 'content-length': some.length, 'content-range': range }).end(some);
  });
  const world = new IngestWorld(database);
  const video = await world.fetch(`${server.url}/a.mp4`);
  assert.equal(video?.state, 'uploaded', JSON.stringify(video?.error));
  assert.equal(server.requests.length, 3);
  assert.deepEqual(await world.source(video!.id), bytes);
});

for (const [what, headers] of [
  ['without ranges', { etag: '"v1"' }],
  ['without a validator', {}],
  ['with a weak validator', { etag: 'W/"v1"' }],
] as const)
  test(`a source ${what} that breaks off is fetched anew`, async () => {
    const bytes = randomBytes(PART + 3 * MiB);
    await using server = await sourceServer((_, response, count) => {
      response.writeHead(200, { ...headers, 'content-length': bytes.length });
      if (count > 1) return void response.end(bytes);
      response.write(bytes.subarray(0, PART + MiB), () => response.destroy());
    });
    const world = new IngestWorld(database);
    const video = await world.fetch(`${server.url}/a.mp4`);
    assert.equal(video?.state, 'uploaded', JSON.stringify(video?.error));
    assert.equal(server.requests.length, 2);
    assert.deepEqual(await world.source(video!.id), bytes);
  });

test('a source that changes between two tries is never mixed', async () => {
  const versions = [randomBytes(PART + 2 * MiB), randomBytes(PART + MiB)];
  await using server = await sourceServer((request, response, count) => {
    const isFirst = count === 1;
    const bytes = versions[isFirst ? 0 : 1]!;
    // Says "v2" now, so a request for the rest of "v1" gets the whole.
    assert.equal(request.headers['if-range'], isFirst ? undefined : '"v1"');
    response.writeHead(200, { etag: isFirst ? '"v1"' : '"v2"', 'content-length': bytes.length });
    if (!isFirst) return void response.end(bytes);
    response.write(bytes.subarray(0, PART + MiB), () => response.destroy());
  });
  const world = new IngestWorld(database);
  const video = await world.fetch(`${server.url}/a.mp4`);
  assert.deepEqual(await world.source(video!.id), versions[1]);
});

test('a source that never tells its size ends with its last byte', async () => {
  const bytes = randomBytes(PART + 5);
  await using server = await sourceServer((_, response) => {
    response.writeHead(200, { etag: '"v1"' });
    response.end(bytes);
  });
  const world = new IngestWorld(database);
  const video = await world.fetch(`${server.url}/a.mp4`);
  assert.equal(video?.state, 'uploaded', JSON.stringify(video?.error));
  assert.deepEqual(await world.source(video!.id), bytes);
});

test('what another process left behind is gone on with by the next one', async () => {
  const bytes = randomBytes(2 * PART);
  const stopping = new AbortController();
  await using server = await sourceServer((request, response, count) => {
    if (count > 1) return sendFile(request, response, bytes);
    response.writeHead(200, { etag: '"v1"', 'content-length': bytes.length });
    response.write(bytes.subarray(0, PART + MiB));
  });
  const store = new MemoryObjectStore();
  const first = new IngestWorld(database, { store });
  const id = await first.start(`${server.url}/a.mp4`);
  const trying = first.tryOnce(stopping.signal);
  await eventually('the first part is stored', () => store.keys().length > 0);
  stopping.abort(new Error('the process ends'));
  await trying;
  const next = new IngestWorld(database, { store });
  await next.run();
  assert.equal((await next.records.find(id))?.state, 'uploaded');
  assert.match(server.requests[1]!.headers.range!, /^bytes=/);
  assert.deepEqual(await next.source(id), bytes);
});

test('two processes never fetch the same source at once', async () => {
  await using server = await sourceServer(ok(randomBytes(1000)));
  const [one, other] = [new IngestWorld(database), new IngestWorld(database)];
  await one.start(`${server.url}/a.mp4`);
  const had = await Promise.all([one.tryOnce(), other.tryOnce()]);
  assert.deepEqual(had.toSorted(), [false, true]);
  assert.equal(server.requests.length, 1);
});

const NO_URLS = [
  'file:///etc/passwd',
  'ftp://example.org/a.mp4',
  'http://user:secret@example.org/a.mp4',
  'nonsense',
  'http://127.0.0.1:1/',
  'http://2130706433/',
  'http://0x7f.1/',
  'http://[::1]/',
  'http://[::ffff:127.0.0.1]/',
  'http://169.254.169.254/latest/meta-data/',
];
for (const url of NO_URLS)
  test(`${url} is refused at once, and nothing comes into being`, async () => {
    const world = new IngestWorld(database, { isAllowed: isPublicAddress });
    await assert.rejects(world.start(url), { code: 'url_refused' });
    assert.deepEqual((await world.records.list({ limit: 10 })).videos, []);
  });

/** Stands for the internet in tests: any loopback address but 127.0.0.1, which stands for the inside. */
const isOutside = (address: string): boolean => address !== '127.0.0.1' && address.startsWith('127.');

async function listeningOn(
  host: string,
  port: number,
  handler: (request: IncomingMessage, response: ServerResponse) => void,
) {
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(port, host, resolve));
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    server.close();
  };
  return { [Symbol.asyncDispose]: close };
}

test('a redirect to a private address is refused, and nobody connects to it', async () => {
  await using inside = await sourceServer(ok(randomBytes(10)));
  await using _outside = await listeningOn('127.0.0.2', inside.port, (_, response) => {
    response.writeHead(302, { location: `http://127.0.0.1:${inside.port}/secret` }).end();
  });
  const world = new IngestWorld(database, { isAllowed: isOutside });
  const video = await world.fetch(`http://127.0.0.2:${inside.port}/a.mp4`);
  assert.deepEqual([video?.state, video?.error?.code], ['failed', 'url_refused']);
  assert.equal(inside.requests.length, 0);
});

test('a name whose address turns private between two connections is refused then (DNS rebinding)', async () => {
  await using inside = await sourceServer(ok(randomBytes(10)));
  let asked = 0;
  await using _outside = await listeningOn('127.0.0.2', inside.port, (_, response) => {
    response.writeHead(200, { etag: '"v1"', 'content-length': 100 });
    response.write('x', () => response.destroy());
  });
  const world = new IngestWorld(database, {
    isAllowed: isOutside,
    resolve: async () => [{ address: ++asked === 1 ? '127.0.0.2' : '127.0.0.1', family: 4 }],
  });
  const video = await world.fetch(`http://rebinding.test:${inside.port}/a.mp4`);
  assert.deepEqual([video?.state, video?.error?.code], ['failed', 'url_refused']);
  assert.equal(asked, 2, 'each connection is made to the address of one look-up, which was checked');
  assert.equal(inside.requests.length, 0);
});

test('a name with one public and one private address is refused', async () => {
  const world = new IngestWorld(database, {
    isAllowed: isPublicAddress,
    resolve: async () => [
      { address: '1.1.1.1', family: 4 },
      { address: 'fd00::1', family: 6 },
    ],
  });
  const video = await world.fetch('http://mixed.test/a.mp4');
  assert.equal(video?.error?.code, 'url_refused');
});

test('five redirects are followed, and not a sixth', async () => {
  const bytes = randomBytes(10);
  await using server = await sourceServer((request, response) => {
    const left = Number(request.url!.slice(1));
    if (left === 0) return void response.end(bytes);
    response.writeHead(307, { location: `/${left - 1}` }).end();
  });
  const world = new IngestWorld(database);
  assert.equal((await world.fetch(`${server.url}/5`))?.state, 'uploaded');
  assert.equal((await world.fetch(`${server.url}/6`))?.error?.code, 'url_bad_answer');
});

type Failure = readonly [string, string, (request: IncomingMessage, response: ServerResponse) => void];
const FAILURES: readonly Failure[] = [
  ['a source that is not there', 'url_bad_answer', (_, response) => response.writeHead(404).end('no')],
  ['an empty source', 'empty_upload', (_, response) => response.end()],
  [
    'a source that is declared too large',
    'upload_too_large',
    (_, response) => response.writeHead(200, { 'content-length': 10 * MiB }).write('x'),
  ],
  ['an endless source', 'upload_too_large', (_, response) => pour(response)],
  ['a source that always answers 503', 'url_unreachable', (_, response) => response.writeHead(503).end()],
  ['a source that always breaks off', 'url_unreachable', (_, response) => response.destroy()],
  [
    'a compressed answer',
    'url_bad_answer',
    (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('x'),
  ],
];
function pour(response: ServerResponse): void {
  const chunk = Buffer.alloc(64 * 1024);
  const more = (): void =>
    void (response.destroyed || (response.write(chunk) ? setImmediate(more) : response.once('drain', more)));
  more();
}
for (const [what, code, handler] of FAILURES)
  test(`${what}: the video is failed with ${code}, and nothing of it is stored`, async () => {
    await using server = await sourceServer(handler);
    const world = new IngestWorld(database, { maxBytes: 9 * MiB });
    const video = await world.fetch(`${server.url}/a.mp4`);
    assert.deepEqual([video?.state, video?.error?.code], ['failed', code], JSON.stringify(video?.error));
    assert.ok(video!.error!.message.length > 10);
    assert.deepEqual(await world.keys(), []);
    assert.ok(server.requests.length <= 6);
    await assert.rejects(world.records.requestJob(video!.id as never, { reason: 'by hand', force: false }), {
      code: 'upload_not_finished',
    });
  });

for (const [what, drip] of [
  ['drips', true],
  ['falls silent', false],
] as const)
  test(`a source that ${what} is given up`, async () => {
    await using server = await sourceServer((_, response) => {
      response.writeHead(200, { etag: '"v1"', 'content-length': 1000 });
      response.write('x');
      const timer = setInterval(() => drip && response.write('x'), 20);
      response.once('close', () => clearInterval(timer));
    });
    const world = new IngestWorld(database, { idleMs: 100 });
    const video = await world.fetch(`${server.url}/a.mp4`);
    assert.deepEqual([video?.state, video?.error?.code], ['failed', 'url_unreachable']);
    assert.deepEqual(await world.keys(), []);
  });

test('a source that is not here by its deadline is given up', async () => {
  await using server = await sourceServer((_, response) => pour(response));
  const world = new IngestWorld(database, { deadlineMs: 300, maxBytes: 2 ** 40 });
  const id = await world.start(`${server.url}/a.mp4`);
  await eventually('it is given up', async () => {
    await world.run();
    return (await world.records.find(id))?.state === 'failed';
  });
  assert.equal((await world.records.find(id))?.error?.code, 'url_unreachable');
});

test('a store that is down is not the fault of the source, which is fetched when it is back', async () => {
  const store = new FullStore();
  store.full = /./;
  await using server = await sourceServer(ok(randomBytes(1000)));
  const world = new IngestWorld(database, { store });
  const id = await world.start(`${server.url}/a.mp4`);
  for (let tries = 0; tries < 10; tries++) assert.equal(await world.tryOnce(), true);
  assert.equal((await world.records.find(id))?.state, 'uploading');
  store.full = undefined;
  await world.run();
  assert.equal((await world.records.find(id))?.state, 'uploaded');
});

test('deleting a video while its source is fetched ends that, and leaves nothing', async () => {
  await using server = await sourceServer((_, response) => pour(response));
  const store = new MemoryObjectStore();
  const world = new IngestWorld(database, { store, maxBytes: 2 ** 40 });
  const id = await world.start(`${server.url}/a.mp4`);
  const trying = world.tryOnce();
  await eventually('a part is stored', () => store.keys().length > 0);
  await world.records.remove(id);
  await trying;
  assert.deepEqual(store.keys(), []);
  assert.equal(await world.tryOnce(), false);
});
