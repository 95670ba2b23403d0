import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { after, test } from 'node:test';
import type { ObjectKey } from '../domain/object-keys.ts';
import type { ObjectStore } from '../domain/ports.ts';
import { createS3ObjectStore } from './s3-object-store.ts';

// How the driver meets servers that misbehave, which no real one can be asked to do. What real ones do is in
// test/contract/s3-object-store.test.ts.

const KEY = 'v/000000.m4s' as ObjectKey;
const closing: (() => void)[] = [];
after(() => {
  for (const close of closing) close();
});

async function storeAt(listener: RequestListener): Promise<{ store: ObjectStore; endpoint: string }> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return storeOn(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

function storeOn(endpoint: string): { store: ObjectStore; endpoint: string } {
  const credentials = { accessKeyId: 'key', secretAccessKey: 'a-secret' };
  const store = createS3ObjectStore({ bucket: 'b', region: 'us-east-1', endpoint, forcePathStyle: true, credentials });
  return { store, endpoint };
}

async function closedPort(): Promise<number> {
  const server = createTcpServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

const fault = (response: ServerResponse, status: number, code: string): void => {
  response.writeHead(status, { 'content-type': 'application/xml' });
  response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>m</Message></Error>`);
};

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  return Buffer.concat(await request.toArray());
}

/** Just enough of S3 to hold objects; it replaces whatever stands, whatever the headers ask. */
function careless(objects = new Map<string, Buffer>()): RequestListener {
  return async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://host');
    const bytes = await bodyOf(request);
    if (request.method === 'PUT') objects.set(pathname, bytes);
    if (request.method === 'DELETE') objects.delete(pathname);
    const found = objects.get(pathname);
    if (request.method === 'GET' && !found) return fault(response, 404, 'NoSuchKey');
    const answer = (request.method === 'GET' && found) || Buffer.alloc(0);
    response.writeHead(200, { etag: '"e"', 'content-length': answer.byteLength }).end(answer);
  };
}

test('a store that ignores If-None-Match does not pass the check, and keeps nothing of it', async () => {
  const objects = new Map<string, Buffer>();
  const { store, endpoint } = await storeAt(careless(objects));
  const message = `${endpoint} ignores If-None-Match: it replaces an object that must be written only once`;
  await assert.rejects(store.check(), { code: 'store_unavailable', message });
  assert.equal(objects.size, 0);
});

test('an endpoint where nothing listens is told', async () => {
  const { store, endpoint } = storeOn(`http://127.0.0.1:${await closedPort()}`);
  await assert.rejects(store.check(), { code: 'store_unavailable', message: `nothing answers at ${endpoint}` });
  await assert.rejects(store.read(KEY), { code: 'store_unavailable', message: 'nothing answers at the object store' });
});

test('a host name that does not exist is told', async () => {
  const { store, endpoint } = storeOn('http://store.invalid:9000');
  await assert.rejects(store.check(), { message: `the host name of ${endpoint} is not known` });
});

test('a web server that is no store is told, whatever it answers', async () => {
  for (const status of [200, 400, 404, 405]) {
    const { store, endpoint } = await storeAt((_, response) => {
      response.writeHead(status, { 'content-type': 'text/html' });
      response.end('<html><body>Welcome</body></html>');
    });
    await assert.rejects(store.check(), { message: `${endpoint} does not answer like an S3 store` }, `${status}`);
    await assert.rejects(store.list(''), { code: 'store_unavailable' }, `${status}`);
    await assert.rejects(store.put(KEY, Buffer.from('x'), { contentType: 'a/b' }), { code: 'store_unavailable' });
  }
});

test('a server that accepts and never answers ends the check in one line when its time is up', async () => {
  const server = createTcpServer((socket) => closing.push(() => socket.destroy())).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => server.close());
  const { store, endpoint } = storeOn(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const message = `${endpoint} does not answer in time`;
  await assert.rejects(store.check(AbortSignal.timeout(300)), { code: 'store_unavailable', message });
  const late = { code: 'store_unavailable', message: 'the object store does not answer in time' };
  await assert.rejects(store.read(KEY, { signal: AbortSignal.timeout(300) }), late);
});

test('a passing error is tried again, a lasting one ends as an outage after three tries', async () => {
  let requests = 0;
  const { store } = await storeAt((_, response) => {
    requests++;
    if (requests % 3 !== 0) return fault(response, 503, 'SlowDown');
    response.writeHead(200, { etag: '"e"', 'content-length': '1' }).end('x');
  });
  assert.equal((await store.read(KEY))?.sizeBytes, 1);
  const down = await storeAt((_, response) => {
    requests++;
    fault(response, 503, 'SlowDown');
  });
  requests = 0;
  const outage = { code: 'store_unavailable', message: 'the object store fails with HTTP 503 SlowDown' };
  await assert.rejects(down.store.read(KEY), outage);
  assert.equal(requests, 3);
});

test('a body that breaks off is read again', async () => {
  let requests = 0;
  const { store } = await storeAt((_, response) => {
    requests++;
    response.writeHead(200, { etag: '"e"', 'content-length': '6' });
    if (requests === 2) return response.end('abcdef');
    response.write('abc', () => response.destroy());
  });
  const found = await store.read(KEY);
  assert.equal(found && Buffer.from(found.bytes).toString(), 'abcdef');
});

test('a body that always breaks off is an outage', async () => {
  const { store } = await storeAt((_, response) => {
    response.writeHead(200, { etag: '"e"', 'content-length': '6' });
    response.write('abc', () => response.destroy());
  });
  const message = 'the connection to the object store broke off';
  await assert.rejects(store.read(KEY), { code: 'store_unavailable', message });
});

test('a body that stalls is given up when the caller says so, and is an outage at its deadline', async () => {
  const { store } = await storeAt((_, response) => {
    response.writeHead(200, { etag: '"e"', 'content-length': '6' });
    response.write('abc');
  });
  const leaving = new AbortController();
  const reading = store.read(KEY, { signal: leaving.signal });
  leaving.abort(new Error('lease lost'));
  await assert.rejects(reading, /lease lost/);
  await assert.rejects(store.read(KEY, { signal: AbortSignal.timeout(300) }), { code: 'store_unavailable' });
});

test('a range that the server ignores is cut here', async () => {
  const { store } = await storeAt((_, response) => {
    response.writeHead(200, { etag: '"e"', 'content-length': '10' }).end('0123456789');
  });
  const found = await store.read(KEY, { range: { first: 3, last: 5 } });
  assert.equal(found && Buffer.from(found.bytes).toString(), '345');
  assert.equal(found?.sizeBytes, 10);
  await assert.rejects(store.read(KEY, { range: { first: 10, last: 11 } }), { code: 'range_not_satisfiable' });
});

test('a conflict of writers is tried again until one of them has won', async () => {
  const answers = [409, 409, 412];
  const { store } = await storeAt(async (request, response) => {
    await bodyOf(request);
    const status = answers.shift() ?? 500;
    fault(response, status, status === 409 ? 'ConditionalRequestConflict' : 'PreconditionFailed');
  });
  assert.equal(await store.putIfAbsent(KEY, Buffer.from('x'), { contentType: 'a/b' }), 'exists');
  assert.deepEqual(answers, []);
});

test('where objects cannot be deleted in batches they are deleted one by one', async () => {
  const deleted: string[] = [];
  const { store } = await storeAt((request, response) => {
    if (request.method === 'POST') return fault(response, 501, 'NotImplemented');
    if (request.method === 'DELETE') {
      deleted.push(request.url?.split('?')[0] ?? '');
      response.writeHead(204).end();
      return;
    }
    const contents = ['v/1', 'v/2'].map((key) => `<Contents><Key>${key}</Key><Size>1</Size></Contents>`).join('');
    response.writeHead(200, { 'content-type': 'application/xml' });
    response.end(
      `<ListBucketResult><KeyCount>2</KeyCount><IsTruncated>false</IsTruncated>${contents}</ListBucketResult>`,
    );
  });
  assert.equal(await store.deletePrefix('v/'), 2);
  assert.deepEqual(deleted.toSorted(), ['/b/v/1', '/b/v/2']);
});
