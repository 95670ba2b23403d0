import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { openObjectStore } from '../../src/adapters/open-object-store.ts';
import type { ObjectStore } from '../../src/domain/ports.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { create, offsetOf, openPatch, patch } from '../support/tus-client.ts';
import { UploadFolder, UploadProcess } from '../support/upload-process.ts';

const PART = 8 * 1024 * 1024;

let database: TestDatabase;
let folder: UploadFolder;
let store: ObjectStore;
before(async () => {
  database = await startDatabase();
  folder = await UploadFolder.make();
  store = await openObjectStore(folder.storeUrl, {});
});
after(async () => {
  await folder?.[Symbol.asyncDispose]();
  await database?.[Symbol.asyncDispose]();
});

async function parts(videoId: string): Promise<string[]> {
  const { objects } = await store.list(`videos/${videoId}/source/`);
  return objects.map(({ key }) => key.slice(-6));
}

test('an upload-api that froze is passed over within seconds, and changes nothing when it wakes up', async () => {
  await using one = await UploadProcess.start(folder, database.url);
  await using other = await UploadProcess.start(folder, database.url);
  const bytes = randomBytes(2 * PART + 1000);
  const { url, videoId } = await create(one.url, { size: bytes.length });
  const stuck = openPatch(url, 0, bytes.length);
  await stuck.write(bytes.subarray(0, PART + 500));
  await eventually('a part is stored', async () => (await parts(videoId)).length > 0);
  one.freeze();

  const elsewhere = other.url + new URL(url).pathname;
  const startedMs = performance.now();
  const offset = await offsetOf(elsewhere);
  const waitedMs = performance.now() - startedMs;
  assert.ok(waitedMs < 20_000, `it took ${Math.round(waitedMs)} ms`);
  assert.ok(offset === PART || offset === 0, `offset ${offset}`);
  assert.equal((await patch(elsewhere, offset, bytes.subarray(offset, -10))).status, 204);

  // It goes on where it stood: it has bytes in hand, and a client that sends it more.
  one.thaw();
  void stuck.write(randomBytes(PART));
  assert.notEqual(await stuck.status, 204);
  assert.equal(await offsetOf(elsewhere), bytes.length - 10);
  assert.equal((await patch(url, bytes.length - 10, bytes.subarray(-10))).status, 204);
  const source = await fetch(`${one.url}/videos/${videoId}/source`);
  assert.ok(bytes.equals(Buffer.from(await source.arrayBuffer())));
  assert.deepEqual(await parts(videoId), ['000000', '000001', '000002']);
});
