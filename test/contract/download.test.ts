import assert from 'node:assert/strict';
import { get } from 'node:http';
import { after, before, test } from 'node:test';
import type { VideoId } from '../../src/domain/ids.ts';
import { segmentKey } from '../../src/domain/object-keys.ts';
import type { ReadOptions } from '../../src/domain/ports.ts';
import { MemoryObjectStore } from '../fakes/memory-object-store.ts';
import { eventually } from '../support/eventually.ts';
import { JobWorld } from '../support/job-world.ts';
import { makeVideo, publishMade } from '../support/made-video.ts';
import { UploadApi } from '../support/upload-world.ts';

class WatchedStore extends MemoryObjectStore {
  reads = 0;
  override async read(...[key, options]: [Parameters<MemoryObjectStore['read']>[0], ReadOptions?]) {
    this.reads += 1;
    return super.read(key, options);
  }
}

let world: JobWorld;
let api: UploadApi;
const store = new WatchedStore();

before(async () => {
  world = await JobWorld.open();
  api = await UploadApi.start(world, { store });
});
after(async () => {
  await api?.[Symbol.asyncDispose]();
  await world?.close();
});

const madeVideo = (): Promise<VideoId> => makeVideo(world, store);
const publish = (): Promise<void> => publishMade(world);
const url = (videoId: VideoId, file = 'v360.mp4'): string => `${api.url}/videos/${videoId}/download/${file}`;
const refusal = async (answer: Response): Promise<[number, unknown]> => [
  answer.status,
  ((await answer.json()) as { code: string }).code,
];

test('a published rendition is downloaded under its title, whole or in ranges, also later on', async () => {
  const videoId = await madeVideo();
  assert.deepEqual(await refusal(await fetch(url(videoId))), [404, 'no_such_download']);
  await publish();
  await world.videos.rename(videoId, "Ein Fluß (l'été)");
  const whole = await fetch(url(videoId));
  assert.equal(whole.headers.get('content-type'), 'video/mp4');
  assert.equal(
    whole.headers.get('content-disposition'),
    "attachment; filename*=UTF-8''Ein%20Flu%C3%9F%20%28l%27%C3%A9t%C3%A9%29.mp4",
  );
  const bytes = Buffer.from(await whole.arrayBuffer());
  assert.equal(Number(whole.headers.get('content-length')), bytes.length);
  const etag = whole.headers.get('etag') ?? '';
  const range = { range: 'bytes=100-4099' };
  for (const headers of [range, { ...range, 'if-range': etag }]) {
    const part = await fetch(url(videoId), { headers });
    assert.deepEqual([part.status, part.headers.get('content-range')], [206, `bytes 100-4099/${bytes.length}`]);
    assert.deepEqual(Buffer.from(await part.arrayBuffer()), bytes.subarray(100, 4100));
  }
  const other = await fetch(url(videoId), { headers: { ...range, 'if-range': '"another"' } });
  assert.equal(other.status, 200);
  assert.deepEqual(Buffer.from(await other.arrayBuffer()), bytes);
  const head = await fetch(url(videoId), { method: 'HEAD' });
  assert.deepEqual([head.status, head.headers.get('content-length')], [200, String(bytes.length)]);
  const beyond = await fetch(url(videoId), { headers: { range: `bytes=${bytes.length}-` } });
  assert.deepEqual(await refusal(beyond), [416, 'range_not_satisfiable']);
});

test('many who ask at once cost one look at the segments', async () => {
  const videoId = await madeVideo();
  await publish();
  store.reads = 0;
  const range = { range: 'bytes=0-9' };
  await Promise.all(Array.from({ length: 8 }, async () => (await fetch(url(videoId), { headers: range })).text()));
  // Two inits; three segments of pictures and three of sound, of one read each as they are tiny.
  assert.equal(store.reads, 2 + 3 + 3);
  assert.equal(api.lines.filter((line) => line.event === 'download_prepared' && line.videoId === videoId).length, 1);
});

test('what is not there is refused with a code', async () => {
  const videoId = await madeVideo();
  await publish();
  for (const file of ['v1080.mp4', 'v360', 'v360.webm', '..%2Fv360.mp4'])
    assert.deepEqual(await refusal(await fetch(url(videoId, file))), [404, 'no_such_download'], file);
  assert.deepEqual(await refusal(await fetch(url('0000000000000000' as VideoId))), [404, 'no_such_video']);
  const sound = await fetch(url(videoId, 'a-und.mp4'));
  assert.equal(sound.status, 200);
  await sound.arrayBuffer();
});

test('a segment that is gone breaks the connection off: nothing short passes for whole', async () => {
  const videoId = await madeVideo();
  await publish();
  await (await fetch(url(videoId), { method: 'HEAD' })).text();
  await store.delete(segmentKey({ videoId, generation: 1, rendition: 'v360', segment: 2 }));
  await assert.rejects(async () => (await fetch(url(videoId))).arrayBuffer());
});

test('whoever leaves in the middle stops the reading', async () => {
  const videoId = await madeVideo();
  await publish();
  await (await fetch(url(videoId), { method: 'HEAD' })).text();
  const held = Promise.withResolvers<void>();
  const read = store.read.bind(store);
  let asked = 0;
  store.read = async (...args) => {
    asked += 1;
    await held.promise;
    return read(...args);
  };
  const standing = await api.connections();
  const client = get(url(videoId), { agent: false }).on('error', () => {});
  await eventually('the first samples are being read', async () => asked === 1);
  client.destroy();
  await eventually('its connection is closed', async () => (await api.connections()) <= standing);
  held.resolve();
  assert.equal(asked, 1);
  store.read = read;
});
