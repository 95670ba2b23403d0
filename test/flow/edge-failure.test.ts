import assert from 'node:assert/strict';
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { test } from 'node:test';
import { listening } from '../fakes/listening.ts';
import { VIDEO } from '../fakes/playable-video.ts';
import { eventually } from '../support/eventually.ts';
import { fixture, SOON_MS } from '../support/playback-flow.ts';

/** Edges that fail in the middle of a body, and what the client of the router gets. */
const SEGMENT = 'g1/v360/000000.m4s';
const BYTES = Buffer.from(Array.from({ length: 100_000 }, (_, i) => (i * 7) % 251));
const HALF = 50_000;

type Served = { range: string | undefined; ifRange: unknown };

/** Answers like an edge; what it does after the head is up to the test. */
async function edge(send: (response: ServerResponse, body: Buffer) => void, { bytes = BYTES, etag = '"e"' } = {}) {
  const served: Served[] = [];
  const listener: RequestListener = (request, response) => {
    if (request.url === '/health') return void response.writeHead(200, { 'content-length': 0 }).end();
    const { range, 'if-range': ifRange } = request.headers;
    served.push({ range, ifRange });
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(range ?? '') ?? [];
    const isRange = first !== undefined && (ifRange === undefined || ifRange === etag);
    const body = isRange ? bytes.subarray(Number(first), Number(last) + 1) : bytes;
    const part = isRange ? { 'content-range': `bytes ${first}-${last}/${bytes.length}` } : {};
    response.writeHead(isRange ? 206 : 200, { etag, 'content-length': body.length, ...part });
    send(response, body);
  };
  return { ...(await listening(createServer(listener))), served };
}

const whole = (response: ServerResponse, body: Buffer): void => void response.end(body);
const reset = (response: ServerResponse, body: Buffer): void =>
  void response.write(body.subarray(0, HALF), () => response.destroy());
const resetSoon = (response: ServerResponse, body: Buffer): void =>
  void response.write(body.subarray(0, 10_000), () => response.destroy());
const stall = (response: ServerResponse, body: Buffer): void => void response.write(body.subarray(0, HALF));

/** A session whose first edge is the first of these. */
async function playing(...edges: Awaited<ReturnType<typeof edge>>[]) {
  const flow = await fixture({ edges });
  const [first, ...rest] = flow.listed();
  flow.list(first!);
  const session = await flow.startSession();
  flow.list(first!, ...rest);
  const url = `${session}/${SEGMENT}`;
  const moves = () =>
    flow.named('session_reassigned').map(({ from, to, reason, bytes }) => ({ from, to, reason, bytes }));
  return { flow, url, moves, [Symbol.asyncDispose]: flow[Symbol.asyncDispose] };
}

for (const { how, send, reason } of [
  { how: 'is killed', send: reset, reason: 'reset' },
  { how: 'falls silent', send: stall, reason: 'stalled' },
]) {
  test(`an edge that ${how} in the middle of a segment is soon replaced, and the client sees one whole segment`, async () => {
    const other = await edge(whole);
    await using it = await playing(await edge(send), other);
    const response = await it.flow.get(it.url, { signal: AbortSignal.timeout(SOON_MS) });
    assert.equal(response.headers.get('content-length'), String(BYTES.length));
    assert.deepEqual(Buffer.from(await response.arrayBuffer()), BYTES);
    assert.deepEqual(other.served, [{ range: `bytes=${HALF}-99999`, ifRange: '"e"' }]);
    assert.deepEqual(it.moves(), [{ from: 'edge-1', to: 'edge-2', reason, bytes: HALF }]);
    assert.deepEqual(Buffer.from(await (await it.flow.get(it.url)).arrayBuffer()), BYTES);
    assert.equal(other.served.length, 2, 'the session stays at its new edge');
  });
}

test('a range that the client asked for is gone on with, too', async () => {
  const other = await edge(whole);
  await using it = await playing(await edge(reset), other);
  const response = await it.flow.get(it.url, { headers: { range: 'bytes=20000-99998' } });
  assert.equal(response.status, 206);
  assert.deepEqual(Buffer.from(await response.arrayBuffer()), BYTES.subarray(20_000, 99_999));
  assert.deepEqual(other.served, [{ range: `bytes=${20_000 + HALF}-99998`, ifRange: '"e"' }]);
});

test('two edges that break off one after the other are both replaced', async () => {
  await using it = await playing(await edge(resetSoon), await edge(resetSoon), await edge(whole));
  const response = await it.flow.get(it.url);
  assert.deepEqual(Buffer.from(await response.arrayBuffer()), BYTES);
  // For this video edge-2 ranks before edge-3.
  assert.deepEqual(
    it.moves().map(({ from, bytes }) => [from, bytes]),
    [
      ['edge-1', 10_000],
      ['edge-2', 20_000],
    ],
  );
});

for (const { what, other } of [
  { what: 'holds another version', other: () => edge(whole, { etag: '"f"' }) },
  { what: 'holds another length under the same tag', other: () => edge(whole, { bytes: BYTES.subarray(1) }) },
  { what: 'breaks off as well', other: () => edge(resetSoon) },
]) {
  test(`where the only other edge ${what}, nothing is joined: the body breaks off, and never looks complete`, async () => {
    await using it = await playing(await edge(reset), await other());
    const response = await it.flow.get(it.url);
    const reader = response.body!.getReader();
    const got: Buffer[] = [];
    await assert.rejects(async () => {
      for (let part = await reader.read(); !part.done; part = await reader.read()) got.push(Buffer.from(part.value));
    });
    const received = Buffer.concat(got);
    assert.ok(received.length < BYTES.length);
    assert.deepEqual(received, BYTES.subarray(0, received.length));
    await eventually('the router has told', () =>
      it.flow.named('playback_proxied').some(({ end }) => end === 'broken'),
    );
  });
}

test('while the client takes nothing, a silent edge is not blamed', async () => {
  const large = Buffer.alloc(32_000_000, 'x');
  await using it = await playing(await edge(whole, { bytes: large }), await edge(whole, { bytes: large }));
  const response = await it.flow.get(it.url);
  const reader = response.body!.getReader();
  let received = (await reader.read()).value!.length;
  // Longer than an edge may be silent.
  const since = performance.now();
  await eventually('a slow client has slept', () => performance.now() - since > 2500);
  for (let part = await reader.read(); !part.done; part = await reader.read()) received += part.value.length;
  assert.equal(received, large.length);
  assert.deepEqual(it.moves(), []);
});

test('an edge to which the router has no connection left is passed over, and not blamed', async () => {
  let probes = 0;
  const large = Buffer.alloc(32_000_000, 'x');
  const full = createServer((request, response) => {
    if (request.url === '/health') probes++;
    const body = request.url === '/health' ? BYTES.subarray(0, 0) : large;
    response.writeHead(200, { etag: '"e"', 'content-length': body.length }).end(body);
  });
  const other = await edge(whole);
  await using flow = await fixture({
    edges: [await listening(full), other],
    probeEveryMs: 20,
    maxConnectionsPerEdge: 1,
  });
  const [first, second] = flow.listed();
  flow.list(first!);
  const sessions = await Promise.all(Array.from({ length: 5 }, () => flow.startSession()));
  flow.list(first!, second!);
  const urls = sessions.map((session) => `${session}/${SEGMENT}`);
  // Its body is not taken, so that it keeps the one connection.
  const slow = await flow.get(urls[0]!);
  for (const url of urls.slice(1)) assert.deepEqual(Buffer.from(await (await flow.get(url)).arrayBuffer()), BYTES);
  assert.deepEqual(
    flow.named('session_reassigned').map(({ from, to, reason }) => [from, to, reason]),
    urls.slice(1).map(() => ['edge-1', 'edge-2', 'overloaded']),
  );
  const before = probes;
  await eventually('it was probed all the while', () => probes >= before + 5);
  assert.deepEqual(flow.named('edge_down'), []);
  await slow.body?.cancel();
});

test('a connection that its edge closed while nobody used it costs nothing and blames nobody', async () => {
  let connections = 0;
  const server = createTcpServer((socket) => {
    connections++;
    socket.once('data', () => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
      // In the moment of its next use the connection is gone, and the router cannot know that yet.
      socket.once('data', () => socket.destroy());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = async (): Promise<void> => void server.close();
  await using it = await fixture({ edges: [{ url: `http://127.0.0.1:${port}`, [Symbol.asyncDispose]: close }] });
  const session = await it.startSession();
  for (let i = 0; i < 4; i++) assert.equal((await it.get(`${session}/${SEGMENT}`)).status, 200);
  assert.ok(connections >= 4, `${connections} connections`);
  assert.ok(it.router.edges().every(({ standing }) => standing === 'healthy'));
});

test('when every edge fails, retries stop at the budget, and what is beyond it is asked for once', async () => {
  let asked = 0;
  const failing = () =>
    createServer((request, response) => {
      if (request.url === '/health') return void response.writeHead(200, { 'content-length': 0 }).end();
      asked++;
      response.writeHead(503, { 'content-length': 0 }).end();
    });
  const edges = [await listening(failing()), await listening(failing()), await listening(failing())];
  await using flow = await fixture({ edges });
  const session = await flow.startSession();
  const requests = 300;
  for (let i = 0; i < requests; i++) {
    const response = await flow.get(`${session}/${SEGMENT}`);
    assert.deepEqual([response.status, response.headers.get('retry-after')], [503, '1']);
  }
  // A fifth of the requests, and ten a second over ten seconds: the clock of the test stands still.
  assert.ok(asked <= requests * 1.2 + 100, `${asked} requests reached edges`);
  assert.ok(asked > requests);
});

test('where no other edge is left to ask, nothing is taken out of the budget', async () => {
  const failing = createServer((_, response) => void response.writeHead(503, { 'content-length': 0 }).end());
  const other = await edge(whole);
  await using it = await playing({ ...(await listening(failing)), served: [] }, other);
  const [first, second] = it.flow.listed();
  it.flow.list(first!);
  for (let i = 0; i < 200; i++) assert.equal((await it.flow.get(it.url)).status, 503);
  it.flow.list(first!, second!);
  assert.equal((await it.flow.get(it.url)).status, 200);
});

test('an answer of an edge that is none of ours is refused, and the next edge is asked', async () => {
  const strange = await listening(
    createServer((request, response) => {
      if (request.url === '/health') return void response.writeHead(200, { 'content-length': 0 }).end();
      response.socket?.end('HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcd');
    }),
  );
  const good = await edge(whole);
  await using it = await playing({ ...strange, served: [] }, good);
  assert.deepEqual(Buffer.from(await (await it.flow.get(it.url)).arrayBuffer()), BYTES);
  assert.deepEqual(it.moves(), [{ from: 'edge-1', to: 'edge-2', reason: 'bad_answer', bytes: 0 }]);
});

test('two routers send a session to the same edge, also where its video alone would not', async () => {
  const edges = [await edge(whole), await edge(whole)];
  await using one = await fixture({ edges });
  await using two = await fixture({ edges });
  for (const first of one.listed()) {
    one.list(first);
    const session = await one.startSession(VIDEO);
    one.list(...two.listed());
    await (await two.get(`${session}/${SEGMENT}`)).arrayBuffer();
    const at = edges[Number(first.name.slice(-1)) - 1]!;
    assert.equal(at.served.length, 1, `${first.name} was not asked`);
  }
});
