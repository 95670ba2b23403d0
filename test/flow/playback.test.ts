import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { test } from 'node:test';
import { multivariantKey } from '../../src/domain/object-keys.ts';
import { openPlaybackRouter } from '../../src/route/playback-router.ts';
import { createRouterServer } from '../../src/route/server.ts';
import { createEdgeServer } from '../../src/serve/server.ts';
import { capturedLog } from '../fakes/captured-log.ts';
import { FragileStore } from '../fakes/fragile-store.ts';
import { listening } from '../fakes/listening.ts';
import { ManualClock } from '../fakes/manual-clock.ts';
import { publishVideo, SECRET, SEGMENT_0, segmentBytes, VIDEO } from '../fakes/playable-video.ts';
import { eventually } from '../support/eventually.ts';

const SEGMENT = 'g1/v360/000000.m4s';
/** No request of a test may take longer, whatever goes wrong. */
const DEADLINE_MS = 15_000;

type EdgeAt = AsyncDisposable & { url: string };

/** Two edges with a store each (so that reads can be told apart) and a router in front of them. */
async function fixture({ edges: given, probeEveryMs = 60_000 }: { edges?: EdgeAt[]; probeEveryMs?: number } = {}) {
  const clock = new ManualClock();
  const { log, lines } = capturedLog();
  const stores = [new FragileStore(), new FragileStore()];
  for (const store of stores) await publishVideo(store);
  const startEdge = (store: FragileStore, edge: string) =>
    listening(createEdgeServer({ store, clock, log, secret: SECRET, edge, version: '0', cacheBytes: 10_000_000 }));
  const edges: EdgeAt[] = given ?? [await startEdge(stores[0]!, 'edge-1'), await startEdge(stores[1]!, 'edge-2')];
  let urls = edges.map((edge) => edge.url);
  const random = (n: number) => randomBytes(n);
  const router = openPlaybackRouter({ log, clock, random, secret: SECRET, edges: () => urls, probeEveryMs });
  const front = await listening(createRouterServer({ router, log, version: '0', uptimeSeconds: () => 0 }));
  const get = (path: string, init: RequestInit = {}) =>
    fetch(`${front.url}${path}`, { redirect: 'manual', signal: AbortSignal.timeout(DEADLINE_MS), ...init });
  const startSession = async (videoId = VIDEO): Promise<string> => {
    const response = await get(`/play/${videoId}/index.m3u8`);
    assert.equal(response.status, 302);
    return response.headers.get('location')!.replace(/\/index\.m3u8$/, '');
  };
  const close = async (): Promise<void> => {
    await front[Symbol.asyncDispose]();
    await router.close();
    for (const edge of edges) await edge[Symbol.asyncDispose]();
  };
  const list = (now: string[]): void => {
    urls = now;
  };
  const named = (event: string) => lines.filter((line) => line.event === event);
  return {
    clock,
    stores,
    edges,
    startEdge,
    front,
    router,
    get,
    startSession,
    list,
    named,
    [Symbol.asyncDispose]: close,
  };
}

/** The edge that the router would choose, and the other, with the stores behind them. */
async function sides(flow: Awaited<ReturnType<typeof fixture>>, session: string) {
  const response = await flow.get(`${session}/index.m3u8`);
  assert.equal(response.status, 200);
  const own = response.headers.get('x-served-by') === 'edge-1' ? 0 : 1;
  return { own: flow.edges[own]!, other: flow.edges[1 - own]!, otherName: `edge-${2 - own}` };
}

test('a player is sent into a session of its own, and plays from relative URLs through one edge', async () => {
  await using flow = await fixture();
  const start = await flow.get(`/play/${VIDEO}/manifest.mpd?CMCD=sid%3D%22a%22`);
  assert.equal(start.status, 302);
  assert.equal(start.headers.get('cache-control'), 'no-store');
  assert.equal(start.headers.get('access-control-allow-origin'), '*');
  assert.match(
    start.headers.get('location') ?? '',
    new RegExp(`^/play/${VIDEO}/[0-9a-z]{16}\\.[\\w.-]+/manifest\\.mpd$`),
  );

  const session = await flow.startSession();
  assert.notEqual(await flow.startSession(), session);
  const served = new Set<string | null>();
  for (const rest of ['index.m3u8', 'g1/v360/index.m3u8', 'g1/v360/init.mp4', SEGMENT]) {
    const response = await flow.get(`${session}/${rest}`);
    assert.equal(response.status, 200, rest);
    await response.arrayBuffer();
    served.add(response.headers.get('x-served-by'));
  }
  assert.equal(served.size, 1);
});

test('a request without a session is sent into the one that the same player began last', async () => {
  await using flow = await fixture();
  const player = { headers: { 'User-Agent': 'resolves-against-the-first-address' } };
  const start = await flow.get(`/play/${VIDEO}/manifest.mpd`, player);
  const session = (start.headers.get('location') ?? '').replace('/manifest.mpd', '');
  const stray = await flow.get(`/play/${VIDEO}/${SEGMENT}`, player);
  assert.deepEqual([stray.status, stray.headers.get('location')], [302, `${session}/${SEGMENT}`]);
  const stranger = await flow.get(`/play/${VIDEO}/${SEGMENT}`, { headers: { 'User-Agent': 'another' } });
  assert.equal(stranger.status, 302);
  assert.notEqual(stranger.headers.get('location'), `${session}/${SEGMENT}`);
});

test('ranges, HEAD, validators and errors pass through the router unchanged', async () => {
  await using flow = await fixture();
  const url = `${await flow.startSession()}/${SEGMENT}`;
  const whole = await flow.get(url);
  assert.deepEqual(Buffer.from(await whole.arrayBuffer()), segmentBytes());
  const part = await flow.get(url, { headers: { Range: 'bytes=-100' } });
  assert.deepEqual([part.status, part.headers.get('content-range')], [206, 'bytes 9900-9999/10000']);
  assert.deepEqual(Buffer.from(await part.arrayBuffer()), segmentBytes().subarray(9900));
  const head = await flow.get(url, { method: 'HEAD' });
  assert.deepEqual([head.status, head.headers.get('content-length')], [200, '10000']);
  const same = await flow.get(url, { headers: { 'If-None-Match': whole.headers.get('etag')! } });
  assert.equal(same.status, 304);
  assert.equal((await flow.get(url, { headers: { Range: 'bytes=10000-' } })).status, 416);
  assert.equal((await flow.get(url.replace('000000', '000001'))).status, 404);
  assert.equal((await flow.get(url, { method: 'OPTIONS' })).status, 204);
  assert.equal((await flow.get(url, { method: 'POST' })).status, 405);
});

test('a session that we did not sign, or that has expired, reaches no edge', async () => {
  await using flow = await fixture();
  const session = await flow.startSession();
  const forged = `/play/${VIDEO}/abcdefgh12345678.zzzzzz.AAAAAAAAAAAAAAAAAAAAAA/${SEGMENT}`;
  assert.equal((await flow.get(forged)).status, 403);
  assert.equal((await flow.get(`${session.replace(VIDEO, 'zzzzzzzzzzzzzzzz')}/${SEGMENT}`)).status, 403);
  flow.clock.advance(25 * 60 * 60 * 1000);
  assert.equal((await flow.get(`${session}/${SEGMENT}`)).status, 403);
  assert.deepEqual(flow.named('segment_served'), []);
});

test('when the edge of a session is killed, the next request is served by the other within a second', async () => {
  await using flow = await fixture();
  const session = await flow.startSession();
  const { own, other, otherName } = await sides(flow, session);
  await own[Symbol.asyncDispose]();
  const startedMs = performance.now();
  const response = await flow.get(`${session}/${SEGMENT}`);
  assert.deepEqual(Buffer.from(await response.arrayBuffer()), segmentBytes());
  assert.ok(performance.now() - startedMs < 1000);
  assert.equal(response.headers.get('x-served-by'), otherName);
  const [line] = flow.named('session_reassigned');
  assert.deepEqual([line?.from, line?.to], [own.url, other.url]);
  assert.match(String(line?.reason), /^(unreachable|reset)$/);
});

test('a reassigned session stays with its new edge after the old one is back', async () => {
  await using flow = await fixture();
  const session = await flow.startSession();
  const { own, other } = await sides(flow, session);
  flow.list([other.url]);
  await (await flow.get(`${session}/${SEGMENT}`)).arrayBuffer();
  flow.list([own.url, other.url]);
  for (let i = 0; i < 3; i++) await (await flow.get(`${session}/${SEGMENT}`)).arrayBuffer();
  assert.deepEqual(
    flow.named('session_reassigned').map((line) => line.to),
    [other.url],
  );
});

test('an edge that is restarted at another port is used as soon as it is listed', async () => {
  await using flow = await fixture();
  const session = await flow.startSession();
  for (const edge of flow.edges) await edge[Symbol.asyncDispose]();
  assert.equal((await flow.get(`${session}/${SEGMENT}`)).status, 503);
  await using restarted = await flow.startEdge(flow.stores[0]!, 'edge-3');
  flow.list([restarted.url]);
  const response = await flow.get(`${session}/${SEGMENT}`);
  assert.deepEqual([response.status, response.headers.get('x-served-by')], [200, 'edge-3']);
});

test('an edge that accepts and never answers costs about a second, and loses the session', async () => {
  await using silent = await silentEdge();
  const clock = new ManualClock();
  const store = new FragileStore();
  await publishVideo(store);
  const { log } = capturedLog();
  const edge = createEdgeServer({
    store,
    clock,
    log,
    secret: SECRET,
    edge: 'edge-1',
    version: '0',
    cacheBytes: 10_000_000,
  });
  await using flow = await fixture({ edges: [silent, await listening(edge)] });
  // Each video has an even chance of hashing to the silent edge; that none of 24 does will not be seen.
  const videos = Array.from({ length: 24 }, (_, i) => `0123456789abcd${String(i).padStart(2, '0')}` as typeof VIDEO);
  for (const video of videos) await publishVideo(store, video);
  const sessions = await Promise.all(videos.map((video) => flow.startSession(video)));
  const startedMs = performance.now();
  const first = await Promise.all(sessions.map((session) => flow.get(`${session}/${SEGMENT}`)));
  assert.deepEqual(
    first.map((response) => response.status),
    first.map(() => 200),
  );
  assert.ok(performance.now() - startedMs < 5000);
  const moved = flow.named('session_reassigned');
  assert.ok(moved.length > 0);
  assert.ok(moved.every((line) => line.from === silent.url && line.reason === 'timeout'));
  const again = performance.now();
  await Promise.all(sessions.map((session) => flow.get(`${session}/${SEGMENT}`)));
  assert.ok(performance.now() - again < 900, 'a moved session asked the silent edge again');
});

test('without any edge the answer is 503 no_edge, to be tried again in a second', async () => {
  await using flow = await fixture();
  const session = await flow.startSession();
  flow.list([]);
  const response = await flow.get(`${session}/${SEGMENT}`);
  assert.equal(response.status, 503);
  assert.equal(response.headers.get('retry-after'), '1');
  assert.equal(((await response.json()) as { code: string }).code, 'no_edge');
  assert.equal((await flow.get('/health')).status, 503);
});

test('a hundred clients that ask for one cold segment cause one read of the store for each edge', async () => {
  await using flow = await fixture();
  const session = await flow.startSession();
  const { promise, resolve } = Promise.withResolvers<void>();
  const { edges, stores, get } = flow;
  for (const store of stores) store.held = promise;
  const asksPublished = (of: FragileStore) =>
    of.heads.filter((key) => key === multivariantKey({ videoId: VIDEO })).length;
  const direct = (url: string) => fetch(`${url}${session}/${SEGMENT}`, { signal: AbortSignal.timeout(DEADLINE_MS) });
  const asked = edges.flatMap((edge) => Array.from({ length: 50 }, () => direct(edge.url)));
  await eventually('both stores are asked whether the video is published', () =>
    stores.every((s) => asksPublished(s) > 0),
  );
  resolve();
  const bodies = await Promise.all(asked.map(async (response) => (await response).arrayBuffer()));
  assert.ok(bodies.every((body) => body.byteLength === 10_000));
  for (const store of stores) assert.deepEqual(store.reads, [SEGMENT_0]);
  for (const store of stores) assert.equal(asksPublished(store), 1);
  assert.equal((await get(`${session}/${SEGMENT}`)).headers.get('x-cache'), 'hit');
});

test('a session whose edge has lost its store goes on at an edge that still holds the segment', async () => {
  await using flow = await fixture();
  const session = await flow.startSession();
  const { own, other } = await sides(flow, session);
  await (await fetch(`${other.url}${session}/${SEGMENT}`)).arrayBuffer();
  for (const store of flow.stores) store.isDown = true;
  const response = await flow.get(`${session}/${SEGMENT}`);
  assert.equal(response.status, 200);
  assert.deepEqual(
    flow.named('session_reassigned').map((line) => [line.from, line.reason]),
    [[own.url, 'error_status']],
  );
  const nowhere = await flow.get(`${session}/g1/v360/init.mp4`);
  assert.equal(nowhere.status, 503);
  assert.equal(((await nowhere.json()) as { code: string }).code, 'store_unavailable');
});

test('deleting a video ends its playback within seconds, also of segments that are cached', async () => {
  await using flow = await fixture();
  const session = await flow.startSession();
  assert.equal((await flow.get(`${session}/${SEGMENT}`)).status, 200);
  for (const store of flow.stores) await store.delete(multivariantKey({ videoId: VIDEO }));
  flow.clock.advance(4000);
  assert.equal((await flow.get(`${session}/${SEGMENT}`)).status, 404);
  assert.equal(flow.named('video_withdrawn').length, 1);
});

test('a body that breaks off half-way never looks complete', async () => {
  for (const framing of [{ 'content-length': '1000' }, { 'transfer-encoding': 'chunked' }]) {
    const broken = createServer((request, response) => {
      if (request.url === '/health') return void response.end();
      response.writeHead(200, framing);
      response.write(Buffer.alloc(500), () => response.destroy());
    });
    await using flow = await fixture({ edges: [await listening(broken)] });
    const response = await flow.get(`${await flow.startSession()}/${SEGMENT}`);
    assert.equal(response.status, 200);
    await assert.rejects(response.arrayBuffer());
    await eventually('the router has told', () =>
      flow.named('playback_proxied').some((line) => line.end === 'edge_broke'),
    );
  }
});

test('a body that stands still is broken off, not waited for', async () => {
  const stalling = createServer((request, response) => {
    if (request.url === '/health') return void response.end();
    response.writeHead(200, { 'content-length': '1000' });
    response.write(Buffer.alloc(500));
  });
  await using flow = await fixture({ edges: [await listening(stalling)] });
  const response = await flow.get(`${await flow.startSession()}/${SEGMENT}`);
  await assert.rejects(response.arrayBuffer(), (error: Error) => error.name !== 'TimeoutError');
});

test('a client that leaves ends the request at the edge, and no edge is blamed', async () => {
  const closed = Promise.withResolvers<void>();
  const endless = createServer((request, response) => {
    if (request.url === '/health') return void response.end();
    response.once('close', () => closed.resolve());
    response.writeHead(200, { 'content-length': '1000000' });
    response.write(Buffer.alloc(500));
  });
  await using flow = await fixture({ edges: [await listening(endless)] });
  const leaving = new AbortController();
  const response = await flow.get(`${await flow.startSession()}/${SEGMENT}`, { signal: leaving.signal });
  await response.body!.getReader().read();
  leaving.abort();
  await closed.promise;
  await eventually('the line is written', () => flow.named('playback_proxied').length === 1);
  assert.equal(flow.named('playback_proxied')[0]?.end, 'client_left');
  assert.ok(flow.router.edges().every((edge) => edge.isHealthy));
});

test('probes put a dead edge out before any viewer meets it', async () => {
  await using flow = await fixture({ probeEveryMs: 20 });
  await flow.edges[0]![Symbol.asyncDispose]();
  await eventually('the dead edge is out', () => flow.router.edges().some((edge) => !edge.isHealthy));
  const health = (await (await flow.get('/health')).json()) as { checks: unknown };
  assert.deepEqual(health.checks, { edges: { status: 'ok', detail: '1 of 2 healthy' } });
  const sessions = await Promise.all(Array.from({ length: 8 }, () => flow.startSession()));
  for (const session of sessions) assert.equal((await flow.get(`${session}/${SEGMENT}`)).status, 200);
  assert.deepEqual(flow.named('session_reassigned'), []);
});

test('the router leaves what is not playback to the server that it is mounted into', async () => {
  await using flow = await fixture();
  const mounted = createServer((request, response) => {
    if (!flow.router.handle(request, response)) response.end('pages');
  });
  await using site: EdgeAt = await listening(mounted as Server);
  assert.equal(await (await fetch(`${site.url}/videos`)).text(), 'pages');
  assert.equal((await fetch(`${site.url}/play/nothing`)).status, 404);
  assert.equal((await fetch(`${site.url}/play/${VIDEO}/index.m3u8`)).status, 200);
});

/** Takes connections and says nothing, as a stopped process does: its kernel still accepts. */
async function silentEdge(): Promise<EdgeAt> {
  const sockets = new Set<{ destroy(): void }>();
  const server = createTcpServer((socket) => void sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, [Symbol.asyncDispose]: close };
}
