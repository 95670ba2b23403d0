import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { capturedLog } from '../../test/fakes/captured-log.ts';
import { FragileStore } from '../../test/fakes/fragile-store.ts';
import { listening } from '../../test/fakes/listening.ts';
import { ManualClock } from '../../test/fakes/manual-clock.ts';
import { publishVideo, SECRET, segmentBytes, sessionPath, VIDEO } from '../../test/fakes/playable-video.ts';
import { eventually } from '../../test/support/eventually.ts';
import { segmentKey, sourcePartKey } from '../domain/object-keys.ts';
import { createEdgeServer } from './server.ts';

async function fixture() {
  const store = new FragileStore();
  await publishVideo(store);
  const clock = new ManualClock();
  const { log, lines } = capturedLog();
  const deps = { store, clock, log, secret: SECRET, edge: 'edge-1', version: '0.0.0', cacheBytes: 10_000_000 };
  const edge = await listening(createEdgeServer(deps));
  const session = sessionPath(clock);
  const get = (rest: string, init?: RequestInit) => fetch(`${edge.url}${session}/${rest}`, init);
  return { store, clock, lines, edge, session, get, [Symbol.asyncDispose]: () => edge[Symbol.asyncDispose]() };
}

const SEGMENT = 'g1/v360/000000.m4s';

test('a segment comes whole, immutable, with its validator, open to any page', async () => {
  await using edge = await fixture();
  const response = await edge.get(SEGMENT);
  assert.equal(response.status, 200);
  assert.deepEqual(Buffer.from(await response.arrayBuffer()), segmentBytes());
  const headers = Object.fromEntries(response.headers);
  assert.equal(headers['content-type'], 'video/iso.segment');
  assert.equal(headers['cache-control'], 'public, max-age=31536000, immutable');
  assert.match(headers.etag ?? '', /^"[^"]+"$/);
  assert.equal(headers['accept-ranges'], 'bytes');
  assert.equal(headers['access-control-allow-origin'], '*');
  assert.equal(headers['x-cache'], 'miss');
  assert.equal(headers['x-served-by'], 'edge-1');
  assert.match(headers['server-timing'] ?? '', /^cache;desc=miss;dur=\d+$/);
  assert.equal((await edge.get(SEGMENT)).headers.get('x-cache'), 'hit');
});

test('HEAD says what GET would, without the bytes', async () => {
  await using edge = await fixture();
  const response = await edge.get(SEGMENT, { method: 'HEAD' });
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('content-length'), '10000');
  assert.equal((await response.arrayBuffer()).byteLength, 0);
});

test('a client that has the segment is told 304', async () => {
  await using edge = await fixture();
  const etag = (await edge.get(SEGMENT)).headers.get('etag') ?? '';
  const response = await edge.get(SEGMENT, { headers: { 'If-None-Match': etag } });
  assert.equal(response.status, 304);
  assert.equal(response.headers.get('etag'), etag);
});

test('a range is 206, one outside of the segment is 416 with the size', async () => {
  await using edge = await fixture();
  const part = await edge.get(SEGMENT, { headers: { Range: 'bytes=100-199' } });
  assert.equal(part.status, 206);
  assert.equal(part.headers.get('content-range'), 'bytes 100-199/10000');
  assert.deepEqual(Buffer.from(await part.arrayBuffer()), segmentBytes().subarray(100, 200));
  const outside = await edge.get(SEGMENT, { headers: { Range: 'bytes=10000-' } });
  assert.equal(outside.status, 416);
  assert.equal(outside.headers.get('content-range'), 'bytes */10000');
  assert.equal(((await outside.json()) as { code: string }).code, 'range_not_satisfiable');
});

test('a preflight is answered, other methods are 405', async () => {
  await using edge = await fixture();
  const preflight = await edge.get(SEGMENT, { method: 'OPTIONS' });
  assert.equal(preflight.status, 204);
  assert.match(preflight.headers.get('access-control-allow-headers') ?? '', /Range.*CMCD-Session/);
  for (const method of ['POST', 'PUT', 'DELETE']) {
    const response = await edge.get(SEGMENT, { method });
    assert.equal(response.status, 405);
    assert.equal(response.headers.get('allow'), 'GET, HEAD, OPTIONS');
    assert.equal(((await response.json()) as { code: string }).code, 'method_not_allowed');
  }
});

test('a session opens its own video only, until it expires', async () => {
  await using edge = await fixture();
  const other = 'zzzzzzzzzzzzzzzz';
  await publishVideo(edge.store, other as typeof VIDEO);
  const swapped = edge.session.replace(VIDEO, other);
  const refused = await fetch(`${edge.edge.url}${swapped}/${SEGMENT}`);
  assert.equal(refused.status, 403);
  assert.equal(((await refused.json()) as { code: string }).code, 'bad_session');
  assert.equal((await edge.get(SEGMENT)).status, 200);
  edge.clock.advance(60_000);
  assert.equal((await edge.get(SEGMENT)).status, 403);
});

test('hostile paths are refused over the wire, and the store is never asked for anything but playback', async () => {
  await using edge = await fixture();
  await edge.store.put(sourcePartKey({ videoId: VIDEO, part: 0 }), Buffer.from('secret'), { contentType: 'x' });
  const below = edge.session;
  const targets = [
    `${below}/../../../videos/${VIDEO}/source/000000`,
    `${below}/source/000000`,
    `${below}/g1/../source/000000`,
    `${below}/g1%2f..%2fsource%2f000000`,
    `${below}/g1/v360/%2e%2e/%2e%2e/source/000000`,
    `${below}/g1\\..\\source\\000000`,
    `${below}/g1/v360/000000.m4s%00`,
    `${below}/${'g1/'.repeat(2000)}index.m3u8`,
    `${below}//index.m3u8`,
    `/play/${VIDEO}/x/index.m3u8`,
    `/play/${VIDEO}/../${VIDEO}/index.m3u8`,
    `/play/${VIDEO}/index.m3u8`,
    `/videos/${VIDEO}/source/000000`,
    `//${below}/index.m3u8`,
  ];
  for (const target of targets) assert.match(await rawStatus(edge.edge.port, target), /^(403|404)$/, target);
  // Node's own parser refuses what is not a request target at all.
  assert.equal(await rawStatus(edge.edge.port, `${below}/index\0.m3u8`), '400');
  assert.deepEqual(edge.store.reads, []);
});

test('every request leaves one line that says whose, what, how and how much', async () => {
  await using edge = await fixture();
  await (await edge.get(SEGMENT)).arrayBuffer();
  await (await edge.get('g1/v360/000009.m4s')).arrayBuffer();
  const served = () => edge.lines.filter((line) => line.event === 'segment_served');
  await eventually('both lines are written', () => served().length === 2);
  const [ok, missing] = served();
  const whose = { sessionId: 'abcdefgh12345678', videoId: VIDEO, rendition: 'v360', kind: 'segment', edge: 'edge-1' };
  const pick = (line: Record<string, unknown>, names: string[]) => Object.fromEntries(names.map((n) => [n, line[n]]));
  const names = [...Object.keys(whose), 'segment', 'cache', 'bytes', 'status', 'durationMs', 'code'];
  assert.deepEqual(pick(ok!, names), {
    ...whose,
    segment: 0,
    cache: 'miss',
    bytes: 10_000,
    status: 200,
    durationMs: 0,
    code: undefined,
  });
  assert.deepEqual(pick(missing!, names), {
    ...whose,
    segment: 9,
    cache: 'miss',
    bytes: 0,
    status: 404,
    durationMs: 0,
    code: 'no_such_segment',
  });
});

test('while the store is down, held segments are served and others are 503 with Retry-After', async () => {
  await using edge = await fixture();
  await edge.get(SEGMENT);
  edge.store.isDown = true;
  edge.clock.advance(30_000);
  assert.equal((await edge.get(SEGMENT)).status, 200);
  const cold = await edge.get('g1/v360/init.mp4');
  assert.equal(cold.status, 503);
  assert.equal(cold.headers.get('retry-after'), '1');
  assert.equal(cold.headers.get('content-type'), 'application/problem+json');
});

test('an edge without its store is degraded while it holds anything, and failing while it holds nothing', async () => {
  await using edge = await fixture();
  const health = async () => {
    const response = await fetch(`${edge.edge.url}/health`);
    const { status, checks } = (await response.json()) as {
      status: string;
      checks: { objectStore: { status: string } };
    };
    return [response.status, status, checks.objectStore.status];
  };
  assert.deepEqual(await health(), [200, 'ok', 'ok']);
  edge.store.isDown = true;
  edge.clock.advance(10_000);
  assert.deepEqual(await health(), [503, 'failing', 'failing']);
  edge.store.isDown = false;
  await edge.get(SEGMENT);
  edge.store.isDown = true;
  edge.clock.advance(10_000);
  assert.deepEqual(await health(), [200, 'degraded', 'failing']);
  assert.ok(edge.lines.some((line) => line.event === 'health_changed'));
});

test('keyframes that a player scrubs through move no session; the rest of a segment begun elsewhere does', async () => {
  await using edge = await fixture();
  for (const [rendition, segments] of Object.entries({ v360: [1], v180: [5], v720: [2, 3] }))
    for (const segment of segments)
      await edge.store.put(segmentKey({ videoId: VIDEO, generation: 1, rendition, segment }), segmentBytes(), {
        contentType: 'x',
      });
  const seen = () =>
    edge.lines.flatMap(({ event, from, to, rendition, segment }) => {
      if (event === 'rendition_switched') return [`${from} to ${to}`];
      return event === 'segment_prefetched' ? [`ahead ${rendition} ${segment}`] : [];
    });
  await (await edge.get(SEGMENT)).arrayBuffer();
  await eventually('the next one was read ahead', () => seen().length === 1);
  const scrubbed = await edge.get('g1/v180/000005.m4s', { headers: { Range: 'bytes=1000-1999' } });
  assert.equal(scrubbed.status, 206);
  const rest = { Range: 'bytes=1000-9999', 'If-Range': scrubbed.headers.get('etag')! };
  await (await edge.get('g1/v720/000002.m4s', { headers: rest })).arrayBuffer();
  await eventually('the next one was read ahead', () => seen().length === 3);
  assert.deepEqual(seen(), ['ahead v360 1', 'v360 to v720', 'ahead v720 3']);
});

test('metrics count hits and misses apart', async () => {
  await using edge = await fixture();
  for (let i = 0; i < 3; i++) await (await edge.get(SEGMENT)).arrayBuffer();
  const metrics = async () => (await fetch(`${edge.edge.url}/metrics`)).text();
  await eventually('the counters have moved', async () => /cache="hit",status="200"} 2/.test(await metrics()));
  const text = await metrics();
  assert.match(text, /millrace_edge_requests_total{cache="miss",status="200"} 1/);
  assert.match(text, /millrace_edge_bytes_total{cache="hit"} 20000/);
});

test('what a client did not take to the end is called aborted, and is no part of the bytes sent', async () => {
  await using edge = await fixture();
  const large = segmentKey({ videoId: VIDEO, generation: 1, rendition: 'v360', segment: 1 });
  await edge.store.put(large, Buffer.alloc(32_000_000), { contentType: 'x' });
  const leaving = new AbortController();
  const response = await edge.get('g1/v360/000001.m4s', { signal: leaving.signal });
  await response.body!.getReader().read();
  leaving.abort();
  const served = () => edge.lines.filter(({ event }) => event === 'segment_served');
  await eventually('the line is written', () => served().length === 1);
  assert.deepEqual([served()[0]?.aborted, served()[0]?.bytes], [true, 32_000_000]);
  const metrics = await (await fetch(`${edge.edge.url}/metrics`)).text();
  assert.match(metrics, /millrace_edge_requests_total{cache="miss",status="200"} 1/);
  assert.doesNotMatch(metrics, /millrace_edge_bytes_total{cache="miss"} [1-9]/);
});

/** Sends a target exactly as it stands: HTTP clients would normalise or refuse it. */
function rawStatus(port: number, target: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(`GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    });
    let text = '';
    socket.setTimeout(10_000, () => socket.destroy(new Error(`no answer to ${target}`)));
    socket.on('data', (data) => {
      text += data;
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(text.split(' ')[1] ?? 'nothing'));
  });
}
