import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { openFileObjectStore } from '../../src/adapters/file-object-store.ts';
import type { ObjectKey } from '../../src/domain/object-keys.ts';
import { describeObjectStore } from './object-store.suite.ts';

const OCTETS = { contentType: 'application/octet-stream' };
const AUDIO = { contentType: 'audio/mp4' };
const key = (text: string): ObjectKey => text as ObjectKey;
const work = await mkdtemp(join(tmpdir(), 'millrace-objects-'));
after(() => rm(work, { recursive: true, force: true }));

let folders = 0;
const freshFolder = (): string => join(work, `store-${folders++}`);
const filesBelow = async (root: string): Promise<string[]> =>
  (await readdir(root, { recursive: true, withFileTypes: true }))
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .toSorted();

describeObjectStore('the file store', () => openFileObjectStore(freshFolder()));

test('objects, their types and etags survive a restart', async () => {
  const root = freshFolder();
  const first = await openFileObjectStore(root);
  await first.put(key('v/000000.m4s'), Buffer.from('x'), AUDIO);
  await first.put(key('v/index.m3u8'), Buffer.from('y'), { contentType: 'application/vnd.apple.mpegurl' });
  const before = [await first.head(key('v/000000.m4s')), await first.head(key('v/index.m3u8'))];
  const second = await openFileObjectStore(root);
  assert.deepEqual([await second.head(key('v/000000.m4s')), await second.head(key('v/index.m3u8'))], before);
  assert.equal(before[0]?.contentType, 'audio/mp4');
});

test('an object is a plain file under its own name', async () => {
  const root = freshFolder();
  const store = await openFileObjectStore(root);
  await store.put(key('videos/abc/g1/v1080/index.m3u8'), Buffer.from('#EXTM3U'), {
    contentType: 'application/vnd.apple.mpegurl',
  });
  assert.equal(await readFile(join(root, 'videos/abc/g1/v1080/index.m3u8'), 'utf8'), '#EXTM3U');
  assert.deepEqual(await filesBelow(root), ['videos/abc/g1/v1080/index.m3u8']);
});

test('a key that continues another one is listed beside it, and deleted by its prefix', async () => {
  const store = await openFileObjectStore(freshFolder());
  for (const name of ['a', 'a/b', 'a/b/c', 'a.m4s', 'a.m4s/d']) await store.put(key(name), Buffer.from('x'), OCTETS);
  const names = async () => (await store.list('')).objects.map((object) => object.key);
  assert.deepEqual(await names(), ['a', 'a.m4s', 'a.m4s/d', 'a/b', 'a/b/c']);
  assert.equal(await store.deletePrefix('a/'), 2);
  assert.deepEqual(await names(), ['a', 'a.m4s', 'a.m4s/d']);
});

test('no key leaves the root, whatever it says', async () => {
  const outside = freshFolder();
  const root = join(outside, 'root');
  const store = await openFileObjectStore(root);
  const piece = fc.constantFrom('..', '.', '/', '\\', '\0', '%2e%2e', '~tmp', 'a', '..%2f', ' ', 'C:', '\u2024');
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { minLength: 1, maxLength: 8 }), async (pieces) => {
      await store.put(key(pieces.join('')), Buffer.from('x'), AUDIO).catch((error: unknown) => {
        assert.equal((error as { code?: string }).code, 'bad_request');
      });
      assert.deepEqual(await readdir(outside), ['root']);
      assert.deepEqual(await readdir(join(root, '~tmp')), []);
    }),
    { numRuns: 300 },
  );
});

test('what a crash left behind is not listed, and is swept at an opening an hour later', async () => {
  const root = freshFolder();
  const store = await openFileObjectStore(root);
  await store.put(key('a'), Buffer.from('x'), OCTETS);
  const old = `${Date.now() - 3_700_000}-left`;
  const young = `${Date.now()}-busy`;
  await writeFile(join(root, '~tmp', old), 'half a part');
  await mkdir(join(root, '~tmp', `${old}-folder`, 'v'), { recursive: true });
  await writeFile(join(root, '~tmp', young), 'being written now');
  assert.deepEqual(
    (await store.list('')).objects.map((object) => object.key),
    ['a'],
  );
  await openFileObjectStore(root);
  assert.deepEqual(await readdir(join(root, '~tmp')), [young]);
});

test('a stranger\u2019s file in the folder is no object', async () => {
  const root = freshFolder();
  const store = await openFileObjectStore(root);
  for (const name of ['README', 'Upper.txt', 'a b.txt', '%zz.txt', '%ff.txt']) await writeFile(join(root, name), 'x');
  await store.put(key('a.txt'), Buffer.from('x'), AUDIO);
  assert.deepEqual(
    (await store.list('')).objects.map((object) => object.key),
    ['a.txt'],
  );
});

test('nothing remains of replaced and deleted objects', async () => {
  const root = freshFolder();
  const store = await openFileObjectStore(root);
  for (const contentType of ['audio/mp4', 'audio/aac', 'video/iso.segment', 'audio/mp4']) {
    await store.put(key('v/1.m4s'), Buffer.from('x'), { contentType });
  }
  assert.equal(await store.putIfAbsent(key('v/1.m4s'), Buffer.from('y'), { contentType: 'text/plain' }), 'exists');
  assert.equal((await filesBelow(root)).length, 2);
  await store.delete(key('v/1.m4s'));
  await store.put(key('w/a/2.m4s'), Buffer.from('x'), AUDIO);
  await store.deletePrefix('w/');
  assert.deepEqual(await readdir(root), ['~tmp']);
  assert.deepEqual(await readdir(join(root, '~tmp')), []);
});

test('writers and deletes of one folder at once lose no object that was acknowledged after them', async () => {
  const store = await openFileObjectStore(freshFolder());
  for (let round = 0; round < 30; round++) {
    await Promise.all([
      store.put(key('u/tail'), Buffer.from('x'), OCTETS),
      store.putIfAbsent(key(`u/${round}`), Buffer.from('x'), OCTETS),
      store.delete(key('u/tail')),
      store.deletePrefix('u/'),
    ]);
  }
  await store.put(key('u/tail'), Buffer.from('last'), OCTETS);
  assert.equal((await store.head(key('u/tail')))?.sizeBytes, 4);
});

test('a reader gets one version whole while the object is being replaced', async () => {
  const store = await openFileObjectStore(freshFolder());
  const version = (n: number): Buffer => Buffer.alloc(50_000 + n, n);
  await store.put(key('index.m3u8'), version(1), OCTETS);
  const writing = (async () => {
    for (let n = 2; n < 40; n++) await store.put(key('index.m3u8'), version(n), OCTETS);
  })();
  for (let reads = 0; reads < 60; reads++) {
    const found = await store.read(key('index.m3u8'));
    assert.ok(found && version(found.bytes[0]!).equals(found.bytes));
  }
  await writing;
});

test('a write that the system cuts short leaves nothing, and the store goes on', async () => {
  const root = freshFolder();
  const script = `
    const { openFileObjectStore } = await import(${JSON.stringify(new URL('../../src/adapters/file-object-store.ts', import.meta.url).href)});
    const store = await openFileObjectStore(${JSON.stringify(root)});
    const error = await store.put('big', Buffer.alloc(4 * 1024 * 1024), { contentType: 'audio/mp4' }).catch((error) => error);
    await store.put('small', Buffer.from('x'), { contentType: 'application/octet-stream' });
    console.log(JSON.stringify({ code: error.code, cause: error.cause?.code, big: await store.head('big') ?? null }));`;
  // The limit on the size of a file, in KiB, stands in for a full disk: the write fails after its first MiB.
  const limited = ['-c', 'ulimit -f 1024; exec "$0" --input-type=module -e "$1"', process.execPath, script];
  const { stdout } = await promisify(execFile)('bash', limited, { timeout: 60_000 });
  assert.deepEqual(JSON.parse(stdout), { code: 'store_unavailable', cause: 'EFBIG', big: null });
  assert.deepEqual(await filesBelow(root), ['small~']);
});

test('a folder that vanished is an outage, not an empty store', async () => {
  const root = freshFolder();
  const store = await openFileObjectStore(root);
  await store.put(key('a'), Buffer.from('x'), OCTETS);
  await rename(root, `${root}-unmounted`);
  const gone = { code: 'store_unavailable', message: 'the object store is gone' };
  await assert.rejects(store.read(key('a')), gone);
  await assert.rejects(store.head(key('a')), gone);
  await assert.rejects(store.list(''), gone);
  await assert.rejects(store.put(key('b'), Buffer.from('x'), OCTETS), gone);
  await assert.rejects(store.delete(key('a')), gone);
  await assert.rejects(store.deletePrefix('a/'), gone);
  await assert.rejects(store.check(), { code: 'store_unavailable', message: `${root} is gone` });
  await assert.rejects(stat(root), { code: 'ENOENT' });
});

test('a root that is a file is named at the opening', async () => {
  const root = freshFolder();
  await writeFile(root, 'x');
  await assert.rejects(openFileObjectStore(root), (error: Error) =>
    error.message.startsWith(`${root} is not a folder`),
  );
});

test('a check that is called off says so at once', async () => {
  const store = await openFileObjectStore(freshFolder());
  await assert.rejects(store.check(AbortSignal.abort()), { name: 'AbortError' });
});
