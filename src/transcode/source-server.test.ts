import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { MemoryObjectStore } from '../../test/fakes/memory-object-store.ts';
import type { VideoId } from '../domain/ids.ts';
import { sourcePartKey } from '../domain/object-keys.ts';
import { PART_SIZE_BYTES } from '../domain/source.ts';
import { SourceServer } from './source-server.ts';

const videoId = '0123456789abcdef' as VideoId;
const SIZE = PART_SIZE_BYTES + 1000;
const bytes = randomBytes(SIZE);
const source = { videoId, sizeBytes: SIZE };

async function filledStore(): Promise<MemoryObjectStore> {
  const store = new MemoryObjectStore();
  const put = (part: number) =>
    store.put(
      sourcePartKey({ videoId, part }),
      bytes.subarray(part * PART_SIZE_BYTES, Math.min((part + 1) * PART_SIZE_BYTES, SIZE)),
      { contentType: 'application/octet-stream' },
    );
  await Promise.all([put(0), put(1)]);
  return store;
}
async function fixture() {
  const store = await filledStore();
  return {
    store,
    server: await SourceServer.start({ clock: { nowMs: () => Date.now() }, store, newToken: randomUUID }),
  };
}
const get = async (
  url: string,
  range?: string,
): Promise<{ status: number; body: Buffer; contentRange: string | null }> => {
  const response = await fetch(url, range === undefined ? {} : { headers: { range } });
  const body = Buffer.from(await response.arrayBuffer());
  return { status: response.status, body, contentRange: response.headers.get('content-range') };
};

test('a source is read whole from its parts', async () => {
  await using server = (await fixture()).server;
  using lent = server.lend(source);
  const { status, body } = await get(lent.url);
  assert.equal(status, 200);
  assert.ok(body.equals(bytes));
  lent.assertUnbroken();
});

test('a range across two parts comes out as one', async () => {
  await using server = (await fixture()).server;
  using lent = server.lend(source);
  const first = PART_SIZE_BYTES - 5;
  const { status, body, contentRange } = await get(lent.url, `bytes=${first}-${first + 9}`);
  assert.deepEqual([status, contentRange], [206, `bytes ${first}-${first + 9}/${SIZE}`]);
  assert.ok(body.equals(bytes.subarray(first, first + 10)));
});

test('a range past the end is refused', async () => {
  await using server = (await fixture()).server;
  using lent = server.lend(source);
  assert.equal((await get(lent.url, `bytes=${SIZE}-`)).status, 416);
});

test('nothing is served at another address, nor after the task', async () => {
  await using server = (await fixture()).server;
  const lent = server.lend(source);
  assert.equal((await get(new URL('/', lent.url).href)).status, 404);
  lent[Symbol.dispose]();
  assert.equal((await get(lent.url)).status, 404);
});

test('a part that the store does not give is told to the task, since to ffmpeg it looks like the end', async () => {
  const { store, server } = await fixture();
  await using _ = server;
  await store.delete(sourcePartKey({ videoId, part: 1 }));
  using lent = server.lend(source);
  await assert.rejects(get(lent.url));
  assert.throws(() => lent.assertUnbroken(), { code: 'source_damaged' });
});

test('a failed read ahead breaks nothing', async () => {
  const { store, server } = await fixture();
  await using _ = server;
  await store.delete(sourcePartKey({ videoId, part: 1 }));
  using lent = server.lend(source);
  assert.equal((await get(lent.url, 'bytes=0-99')).body.length, 100);
  lent.assertUnbroken();
});

test('a part is read from the store once, however many ranges of it are asked for', async () => {
  const store = await filledStore();
  const reads: string[] = [];
  const counting = {
    read: (...args: Parameters<typeof store.read>) => {
      reads.push(args[0]);
      return store.read(...args);
    },
  };
  await using server = await SourceServer.start({
    clock: { nowMs: () => Date.now() },
    store: counting,
    newToken: randomUUID,
  });
  using lent = server.lend(source);
  await Promise.all([get(lent.url, 'bytes=0-9'), get(lent.url, 'bytes=100-109'), get(lent.url, 'bytes=5-50')]);
  assert.equal(reads.filter((key) => key.endsWith('000000')).length, 1);
});
