import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, truncate } from 'node:fs/promises';
import { Agent, get as httpGet } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { DiskObjects } from '../../src/adapters/disk-objects.ts';
import { mediaPlaylistKey, segmentKey, videoPrefix } from '../../src/domain/object-keys.ts';
import { createEdgeServer } from '../../src/serve/server.ts';
import { capturedLog } from '../fakes/captured-log.ts';
import { FragileStore } from '../fakes/fragile-store.ts';
import { listening } from '../fakes/listening.ts';
import { ManualClock } from '../fakes/manual-clock.ts';
import { publishVideo, SECRET, SEGMENT_0, segmentBytes, sessionPath, VIDEO } from '../fakes/playable-video.ts';
import { eventually } from '../support/eventually.ts';

const SEGMENTS = 12;
const path = (n: number) => `g1/v360/${String(n).padStart(6, '0')}.m4s`;
const DEADLINE_MS = 60_000;

/** A video of twelve segments in a store, a folder for the disk, and edges that can be started on them. */
async function fixture() {
  const store = new FragileStore();
  await publishVideo(store);
  const of = { videoId: VIDEO, generation: 1, rendition: 'v360' };
  const contentType = 'application/octet-stream';
  for (let segment = 1; segment < SEGMENTS; segment++)
    await store.put(segmentKey({ ...of, segment }), Buffer.alloc(10_000, segment), { contentType });
  const list = Array.from({ length: SEGMENTS }, (_, n) => `#EXTINF:4,\n${path(n).slice(8)}\n`).join('');
  await store.put(mediaPlaylistKey(of), Buffer.from(`#EXTM3U\n${list}#EXT-X-ENDLIST\n`), { contentType });
  const folder = await mkdtemp(join(tmpdir(), 'millrace-edge-'));
  const clock = new ManualClock();
  const { log, lines } = capturedLog();
  const session = sessionPath(clock, { forMs: 3_600_000 });

  async function start() {
    const disk = await DiskObjects.open({ folder, maxBytes: 10_000_000, log, clock });
    const lastSeenDisk = await DiskObjects.open({ folder: join(folder, 'last-seen'), maxBytes: 1_000_000, log, clock });
    const deps = {
      store,
      disk,
      lastSeenDisk,
      clock,
      log,
      secret: SECRET,
      edge: 'edge-1',
      version: '0',
      cacheBytes: 10_000_000,
    };
    const edge = await listening(createEdgeServer(deps));
    const get = async (rest: string, headers: Record<string, string> = {}) => {
      const response = await fetch(`${edge.url}${session}/${rest}`, {
        headers,
        signal: AbortSignal.timeout(DEADLINE_MS),
      });
      return { status: response.status, headers: response.headers, body: Buffer.from(await response.arrayBuffer()) };
    };
    const close = async (): Promise<void> => {
      await edge[Symbol.asyncDispose]();
      await disk.settled();
      await lastSeenDisk.settled();
    };
    return { get, url: edge.url, [Symbol.asyncDispose]: close };
  }
  const named = (event: string) => lines.filter((line) => line.event === event);
  const dispose = () => rm(folder, { recursive: true, force: true });
  return { store, clock, folder, session, start, named, [Symbol.asyncDispose]: dispose };
}

test('a thousand clients that ask for one cold segment cause one read of the store, and none of them fails', async () => {
  await using on = await fixture();
  await using edge = await on.start();
  const { promise, resolve } = Promise.withResolvers<void>();
  on.store.held = promise;
  const agent = new Agent({ keepAlive: false, maxSockets: Number.POSITIVE_INFINITY });
  const asked = Array.from({ length: 1000 }, () => bytesOf(`${edge.url}${on.session}/${path(0)}`, agent));
  await eventually('the store is asked whether the video is published', () => on.store.heads.length > 0);
  resolve();
  const bodies = await Promise.all(asked);
  assert.ok(bodies.every((body) => body.equals(segmentBytes())));
  assert.equal(on.store.reads.filter((key) => key === SEGMENT_0).length, 1);
  await eventually('every request has left its line', () => on.named('segment_served').length === 1000);
  const outcomes = Map.groupBy(on.named('segment_served'), ({ cache }) => cache);
  assert.equal(outcomes.get('miss')?.length, 1);
});

function bytesOf(url: string, agent: Agent): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const asked = httpGet(url, { agent, timeout: DEADLINE_MS }, async (response) => {
      if (response.statusCode !== 200) return reject(new Error(`status ${response.statusCode}`));
      resolve(Buffer.concat(await response.toArray()));
    });
    asked.on('timeout', () => asked.destroy(new Error('no answer in time')));
    asked.on('error', reject);
  });
}

test('a viewer who plays on misses the first segment only, as the headers and the log say', async () => {
  await using on = await fixture();
  await using edge = await on.start();
  const seen: (string | null)[] = [];
  for (let n = 0; n < SEGMENTS; n++) {
    seen.push((await edge.get(path(n))).headers.get('x-cache'));
    const isBrought = () => n === SEGMENTS - 1 || on.named('segment_prefetched').length > n;
    await eventually('the next one is brought', isBrought);
    on.clock.advance(4000);
  }
  assert.deepEqual(seen, ['miss', ...Array.from({ length: SEGMENTS - 1 }, () => 'prefetched')]);
  assert.equal(new Set(on.store.reads).size, on.store.reads.length);
});

test('an edge that is started again has what it had, and asks the store for none of it', async () => {
  await using on = await fixture();
  {
    await using edge = await on.start();
    await edge.get(path(0));
    await eventually('the next one is brought', () => on.named('segment_prefetched').length === 1);
  }
  const before = on.store.reads.length;
  await using edge = await on.start();
  const { headers, body } = await edge.get(path(0));
  assert.equal(headers.get('x-cache'), 'hit');
  assert.deepEqual(body, segmentBytes());
  assert.equal(on.named('segment_served').at(-1)?.tier, 'disk');
  await eventually(
    'the next one is brought from the disk',
    () => on.named('segment_prefetched').at(-1)?.tier === 'disk',
  );
  assert.equal(on.store.reads.length, before);
});

test('an edge that is started while the store is away plays what it has, and a deleted video ends once the store is back', async () => {
  await using on = await fixture();
  {
    await using edge = await on.start();
    for (const rest of ['index.m3u8', 'g1/v360/index.m3u8', 'g1/v360/init.mp4', path(0)]) await edge.get(rest);
    await eventually('the next one is brought', () =>
      on.named('segment_prefetched').some(({ segment }) => segment === 1),
    );
  }
  on.store.isDown = true;
  {
    await using edge = await on.start();
    for (const rest of ['index.m3u8', 'g1/v360/index.m3u8']) {
      const { status, headers } = await edge.get(rest);
      assert.deepEqual([status, headers.get('warning')], [200, '110 - "Response is Stale"'], rest);
    }
    for (const rest of ['g1/v360/init.mp4', path(0), path(1)]) assert.equal((await edge.get(rest)).status, 200, rest);
    assert.deepEqual((await edge.get(path(0))).body, segmentBytes());
    assert.equal((await edge.get(path(9))).status, 503);
    assert.equal((await fetch(`${edge.url}/health`)).status, 200);
    await on.store.deletePrefix(videoPrefix({ videoId: VIDEO }));
    on.store.isDown = false;
    on.clock.advance(10_000);
    for (const rest of ['index.m3u8', path(0)]) assert.equal((await edge.get(rest)).status, 404, rest);
  }
  on.store.isDown = true;
  await using third = await on.start();
  assert.equal((await third.get(path(0))).status, 503, 'nothing of it is recalled');
});

test('a torn file is never served: the store is asked instead', async () => {
  await using on = await fixture();
  {
    await using edge = await on.start();
    await edge.get(path(11));
  }
  const [name = ''] = (await readdir(on.folder)).filter((file) => file.endsWith('.m4s'));
  await truncate(join(on.folder, name), 5000);
  await using edge = await on.start();
  assert.deepEqual((await edge.get(path(11))).body, Buffer.alloc(10_000, 11));
  assert.equal(on.named('disk_object_damaged').length, 1);
  assert.equal(on.store.reads.filter((key) => key.endsWith('000011.m4s')).length, 2);
});

test('while the store is down, an old playlist says that it is old, and a held segment does not', async () => {
  await using on = await fixture();
  await using edge = await on.start();
  await edge.get('g1/v360/index.m3u8');
  await edge.get(path(0));
  on.store.isDown = true;
  on.clock.advance(10_000);
  const playlist = await edge.get('g1/v360/index.m3u8');
  assert.deepEqual([playlist.status, playlist.headers.get('warning')], [200, '110 - "Response is Stale"']);
  assert.equal((await edge.get(path(0))).headers.get('warning'), null);
  const refused = await edge.get(path(9));
  assert.deepEqual([refused.status, refused.headers.get('retry-after')], [503, '1']);
  await eventually('the lines are written', () => on.named('segment_served').length === 5);
  assert.equal(on.named('segment_served')[2]?.stale, true);
  on.store.isDown = false;
  on.clock.advance(1000);
  assert.equal((await edge.get('g1/v360/index.m3u8')).headers.get('warning'), null);
});

test('what a player says of itself is in the line of its request and in the metrics', async () => {
  await using on = await fixture();
  await using edge = await on.start();
  await edge.get(
    `${path(0)}?CMCD=${encodeURIComponent('bl=2500,br=3200,bs,mtp=25400,nor="000007.m4s",ot=v,sid="abc",su')}`,
  );
  await edge.get(path(1), { 'CMCD-Request': 'bl=(1500;v),mtp=(9000),su', 'CMCD-Session': 'v=2,sid="abc"' });
  await edge.get(`${path(2)}?CMCD=%22`);
  const missing = await edge.get(`${path(999)}?CMCD=bs`);
  assert.equal(missing.status, 404);
  await fetch(`${edge.url}/play/${VIDEO}/forged/${path(0)}?CMCD=bs`);
  await eventually('the lines are written', () => on.named('segment_served').length === 5);
  const [first, second, third, notFound, forged] = on.named('segment_served').map(({ cmcd }) => cmcd);
  assert.deepEqual(first, { br: 3200, mtp: 25_400, bl: 2500, bs: true, su: true, ot: 'v', sid: 'abc' });
  assert.deepEqual(second, { mtp: 9000, bl: 1500, v: 2, su: true, sid: 'abc' });
  assert.equal(third, 'malformed');
  assert.deepEqual([notFound, forged], [{ bs: true }, undefined], 'only of sessions');
  await eventually('the named one is brought', () =>
    on.named('segment_prefetched').some(({ segment, reason }) => segment === 7 && reason === 'named'),
  );
  const metrics = await (await fetch(`${edge.url}/metrics`)).text();
  for (const line of [
    'millrace_player_reports_total{outcome="read"} 3',
    'millrace_player_reports_total{outcome="malformed"} 1',
    'millrace_player_buffer_seconds_sum 4',
    'millrace_player_throughput_bits_per_second_count 2',
    'millrace_player_startup_requests_total 2',
    'millrace_player_rebuffers_total 2',
    'millrace_edge_requests_in_flight 0',
  ])
    assert.ok(metrics.split('\n').includes(line), line);
});
