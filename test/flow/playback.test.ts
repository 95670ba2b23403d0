import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import { test } from 'node:test';
import { iframePlaylistKey, multivariantKey, segmentKey } from '../../src/domain/object-keys.ts';
import { createEdgeServer } from '../../src/serve/server.ts';
import { capturedLog } from '../fakes/captured-log.ts';
import { FragileStore } from '../fakes/fragile-store.ts';
import { listening } from '../fakes/listening.ts';
import { ManualClock } from '../fakes/manual-clock.ts';
import { publishVideo, SECRET, SEGMENT_0, segmentBytes, VIDEO } from '../fakes/playable-video.ts';
import { eventually } from '../support/eventually.ts';
import { DEADLINE_MS, type EdgeAt, fixture, SOON_MS, silentEdge } from '../support/playback-flow.ts';

const SEGMENT = 'g1/v360/000000.m4s';
/** The edge that the router would choose, and the other, with the stores behind them. */
async function sides(flow: Awaited<ReturnType<typeof fixture>>, session: string) {
  const response = await flow.get(`${session}/index.m3u8`);
  assert.equal(response.status, 200);
  const own = response.headers.get('x-served-by') === 'edge-1' ? 0 : 1;
  const at = (i: number) => ({
    ...flow.listed()[i]!,
    store: flow.stores[i]!,
    close: () => flow.edges[i]![Symbol.asyncDispose](),
  });
  return { own: at(own), other: at(1 - own) };
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

test('a playlist of keyframes is served, and the ranges that it names', async () => {
  await using flow = await fixture();
  const key = iframePlaylistKey({ videoId: VIDEO, generation: 1, rendition: 'v360' });
  const text = '#EXTM3U\n#EXT-X-I-FRAMES-ONLY\n#EXTINF:2,\n#EXT-X-BYTERANGE:900@24\n000000.m4s\n#EXT-X-ENDLIST\n';
  for (const store of flow.stores) await store.put(key, Buffer.from(text), { contentType: 'text/plain' });
  const session = await flow.startSession();
  const playlist = await flow.get(`${session}/g1/v360/iframes.m3u8`);
  assert.equal(playlist.headers.get('content-type'), 'application/vnd.apple.mpegurl');
  assert.equal(await playlist.text(), text);
  const keyframe = await flow.get(`${session}/${SEGMENT}`, { headers: { Range: 'bytes=24-923' } });
  assert.equal(keyframe.status, 206);
  assert.deepEqual(Buffer.from(await keyframe.arrayBuffer()), segmentBytes().subarray(24, 924));
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

test('when the edge of a session is killed, the next request is served by the other, and waits for nothing', async () => {
  await using flow = await fixture();
  const session = await flow.startSession();
  const { own, other } = await sides(flow, session);
  await own.close();
  const response = await flow.get(`${session}/${SEGMENT}`);
  assert.deepEqual(Buffer.from(await response.arrayBuffer()), segmentBytes());
  assert.equal(response.headers.get('x-served-by'), other.name);
  const [line] = flow.named('session_reassigned');
  assert.deepEqual([line?.from, line?.to], [own.name, other.name]);
  assert.match(String(line?.reason), /^(refused|reset)$/);
});

test('a reassigned session stays with its new edge after the old one is back', async () => {
  await using flow = await fixture();
  const session = await flow.startSession();
  const { own, other } = await sides(flow, session);
  flow.list(other);
  await (await flow.get(`${session}/${SEGMENT}`)).arrayBuffer();
  flow.list(own, other);
  for (let i = 0; i < 3; i++) await (await flow.get(`${session}/${SEGMENT}`)).arrayBuffer();
  assert.deepEqual(
    flow.named('session_reassigned').map((line) => [line.to, line.reason]),
    [[other.name, 'edge_gone']],
  );
});

test('a switch is written down once, also where the session moves to another edge and back as it switches', async () => {
  await using flow = await fixture();
  for (const store of flow.stores)
    for (const segment of [1, 2])
      await store.put(segmentKey({ videoId: VIDEO, generation: 1, rendition: 'v720', segment }), segmentBytes(), {
        contentType: 'video/iso.segment',
      });
  const session = await flow.startSession();
  const { own, other } = await sides(flow, session);
  const play = async (rest: string) => (await flow.get(`${session}/${rest}`)).arrayBuffer();
  await play(SEGMENT);
  // A keyframe, as a player fetches it that scrubs.
  await flow.get(`${session}/g1/v720/000002.m4s`, { headers: { Range: 'bytes=1000-1999' } });
  flow.list(other);
  await play('g1/v720/000001.m4s');
  flow.list(own);
  await play('g1/v720/000002.m4s');
  assert.equal(flow.named('session_reassigned').length, 2);
  assert.deepEqual(
    flow.named('rendition_switched').map(({ from, to, segment }) => [from, to, segment]),
    [['v360', 'v720', 1]],
  );
});

test('an edge that is restarted at another port is used as soon as it is listed', async () => {
  await using flow = await fixture();
  const session = await flow.startSession();
  for (const edge of flow.edges) await edge[Symbol.asyncDispose]();
  assert.equal((await flow.get(`${session}/${SEGMENT}`)).status, 503);
  await using restarted = await flow.startEdge(flow.stores[0]!, 'edge-3');
  flow.list({ name: 'edge-3', url: restarted.url });
  const response = await flow.get(`${session}/${SEGMENT}`);
  assert.deepEqual([response.status, response.headers.get('x-served-by')], [200, 'edge-3']);
});

test('an edge that accepts and never answers is soon left for another, and loses the session', async () => {
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
  const signal = AbortSignal.timeout(SOON_MS);
  const first = await Promise.all(sessions.map((session) => flow.get(`${session}/${SEGMENT}`, { signal })));
  assert.deepEqual(
    first.map((response) => response.status),
    first.map(() => 200),
  );
  const moved = flow.named('session_reassigned');
  assert.ok(moved.length > 0);
  assert.ok(moved.every((line) => line.from === 'edge-1' && line.reason === 'first_byte_timeout'));
  await Promise.all(sessions.map((session) => flow.get(`${session}/${SEGMENT}`)));
  assert.equal(flow.named('session_reassigned').length, moved.length, 'a moved session asked the silent edge again');
});

test('without any edge the answer is 503 no_edge, to be tried again in a second', async () => {
  await using flow = await fixture();
  const session = await flow.startSession();
  flow.list();
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
  // Others may be read ahead.
  for (const store of stores) assert.equal(store.reads.filter((key) => key === SEGMENT_0).length, 1);
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
    [[own.name, 'status_503']],
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

test('a body that nobody can bring to its end never looks complete', async () => {
  const broken = createServer((request, response) => {
    if (request.url === '/health') return void response.end();
    response.writeHead(200, { 'content-length': '1000', etag: '"e"' });
    response.write(Buffer.alloc(500), () => response.destroy());
  });
  await using flow = await fixture({ edges: [await listening(broken)] });
  const response = await flow.get(`${await flow.startSession()}/${SEGMENT}`);
  assert.equal(response.status, 200);
  await assert.rejects(response.arrayBuffer());
  await eventually('the router has told', () => flow.named('playback_proxied').length === 1);
  const [line] = flow.named('playback_proxied');
  assert.deepEqual([line?.end, line?.reason, line?.bytes, line?.level], ['broken', 'reset', 500, 'warn']);
});

test('an answer whose end could not be told from its breaking off is not begun', async () => {
  const chunked = createServer((request, response) => {
    if (request.url === '/health') return void response.end();
    response.write('segment');
    response.end();
  });
  await using flow = await fixture({ edges: [await listening(chunked)] });
  assert.equal((await flow.get(`${await flow.startSession()}/${SEGMENT}`)).status, 503);
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
  assert.ok(flow.router.edges().every((edge) => edge.standing === 'healthy'));
});

test('probes put a dead edge out before any viewer meets it', async () => {
  await using flow = await fixture({ probeEveryMs: 20 });
  await flow.edges[0]![Symbol.asyncDispose]();
  await eventually('the dead edge is out', () => flow.router.edges().some((edge) => edge.standing === 'out'));
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
