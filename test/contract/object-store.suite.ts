import assert from 'node:assert/strict';
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { before, describe, test } from 'node:test';
import fc from 'fast-check';
import type { ObjectKey } from '../../src/domain/object-keys.ts';
import type { ObjectStore } from '../../src/domain/ports.ts';
import { PART_SIZE_BYTES } from '../../src/domain/source.ts';

const OCTETS = { contentType: 'application/octet-stream' };
const text = (content: string): Uint8Array => Buffer.from(content);
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** What every object store does, as sentences. Each test works below a prefix of its own. */
export function describeObjectStore(name: string, open: () => Promise<ObjectStore>): void {
  describe(name, () => {
    let store: ObjectStore;
    before(async () => {
      store = await open();
    });
    const root = (): string => `suite-${randomUUID()}/`;
    const keyIn = (folder: string, rest: string): ObjectKey => `${folder}${rest}` as ObjectKey;
    const someKey = (): ObjectKey => keyIn(root(), 'object.bin');
    const textAt = async (key: ObjectKey): Promise<string | undefined> => {
      const found = await store.read(key);
      return found && Buffer.from(found.bytes).toString();
    };
    const keysOf = async (prefix: string, limit?: number): Promise<string[][]> => {
      const pages: string[][] = [];
      let after: string | undefined = '';
      while (after !== undefined) {
        const page = await store.list(prefix, { after, ...(limit ? { limit } : {}) });
        pages.push(page.objects.map(({ key }) => key));
        after = page.next;
      }
      return pages;
    };

    test('an object that was put is read back whole, with its size, type and etag', async () => {
      const key = keyIn(root(), 'a/b/init.mp4');
      const { etag } = await store.put(key, text('moof'), { contentType: 'video/mp4' });
      const found = await store.read(key);
      assert.ok(found);
      assert.equal(Buffer.from(found.bytes).toString(), 'moof');
      assert.equal(found.sizeBytes, 4);
      assert.equal(found.contentType, 'video/mp4');
      assert.equal(found.etag, etag);
      assert.match(etag, /^[^"\s]+$/);
    });

    test('head says what read says, without the bytes', async () => {
      const key = someKey();
      await store.put(key, text('abc'), OCTETS);
      const found = await store.read(key);
      assert.ok(found);
      const { bytes: _, ...info } = found;
      assert.deepEqual(await store.head(key), info);
    });

    test('a second put replaces the object whole, its type too', async () => {
      const key = keyIn(root(), 'index.m3u8');
      await store.put(key, text('a rather long first version'), { contentType: 'text/plain' });
      await store.put(key, text('v2'), { contentType: 'application/vnd.apple.mpegurl' });
      const found = await store.read(key);
      assert.equal(found && Buffer.from(found.bytes).toString(), 'v2');
      assert.equal(found?.contentType, 'application/vnd.apple.mpegurl');
      assert.equal(found?.sizeBytes, 2);
    });

    test('a content type that the name does not suggest is kept', async () => {
      const key = keyIn(root(), '000001.m4s');
      await store.put(key, text('x'), { contentType: 'audio/mp4; codecs="mp4a.40.2"' });
      assert.equal((await store.head(key))?.contentType, 'audio/mp4; codecs="mp4a.40.2"');
      assert.equal((await store.read(key))?.contentType, 'audio/mp4; codecs="mp4a.40.2"');
    });

    test('the etag changes with every change of content, however quick', async () => {
      const key = someKey();
      const etags = new Set<string>();
      for (let version = 0; version < 20; version++)
        etags.add((await store.put(key, text(`${version + 10}`), OCTETS)).etag);
      assert.equal(etags.size, 20);
      assert.ok(etags.has((await store.head(key))?.etag ?? ''));
    });

    test('the etag stays while the object does', async () => {
      const key = someKey();
      await store.putIfAbsent(key, text('same'), OCTETS);
      const before = await store.head(key);
      await store.putIfAbsent(key, text('other'), OCTETS);
      assert.deepEqual(await store.head(key), before);
    });

    test('put-if-absent stores where nothing stands and leaves alone what does', async () => {
      const key = someKey();
      assert.equal(await store.putIfAbsent(key, text('first'), { contentType: 'text/vtt' }), 'stored');
      assert.equal(await store.putIfAbsent(key, text('second'), { contentType: 'text/plain' }), 'exists');
      assert.equal(await textAt(key), 'first');
      assert.equal((await store.head(key))?.contentType, 'text/vtt');
    });

    test('of 16 writers at once exactly one stores, and its bytes stay', async () => {
      const key = keyIn(root(), 'new/folder/000000.m4s');
      const results = await Promise.all(
        Array.from({ length: 16 }, (_, writer) =>
          store.putIfAbsent(key, text(`writer ${writer}`), { contentType: `text/x-writer-${writer}` }),
        ),
      );
      const winners = results.flatMap((result, writer) => (result === 'stored' ? [writer] : []));
      assert.equal(winners.length, 1);
      assert.equal(await textAt(key), `writer ${winners[0]}`);
      assert.equal((await store.head(key))?.contentType, `text/x-writer-${winners[0]}`);
    });

    test('of 16 replacements at once one stands at the end, whole', async () => {
      const key = someKey();
      const versions = Array.from({ length: 16 }, (_, i) => Buffer.alloc(1000 + i, i + 1));
      await Promise.all(versions.map((bytes) => store.put(key, bytes, OCTETS)));
      const found = await store.read(key);
      assert.ok(found && versions.some((bytes) => bytes.equals(found.bytes)));
    });

    test('an object of 8 MiB comes back byte by byte, and twice is still once', async () => {
      const key = keyIn(root(), 'source/000000');
      const bytes = randomBytes(PART_SIZE_BYTES);
      assert.equal(await store.putIfAbsent(key, bytes, OCTETS), 'stored');
      assert.equal(await store.putIfAbsent(key, bytes, OCTETS), 'exists');
      const found = await store.read(key);
      assert.equal(found?.sizeBytes, PART_SIZE_BYTES);
      assert.equal(found && sha256(found.bytes), sha256(bytes));
    });

    test('an empty object is an object', async () => {
      const key = someKey();
      await store.put(key, new Uint8Array(), OCTETS);
      const found = await store.read(key);
      assert.equal(found?.sizeBytes, 0);
      assert.equal(found?.bytes.byteLength, 0);
      await assert.rejects(store.read(key, { range: { first: 0, last: 0 } }), { code: 'range_not_satisfiable' });
      assert.equal(await store.putIfAbsent(key, text('x'), OCTETS), 'exists');
    });

    test('any range is that slice of the object, and states the size of the whole', async () => {
      const key = someKey();
      const bytes = randomBytes(300);
      await store.put(key, bytes, OCTETS);
      const range = fc.tuple(fc.nat(299), fc.nat(400)).map(([first, more]) => ({ first, last: first + more }));
      await fc.assert(
        fc.asyncProperty(range, async ({ first, last }) => {
          const found = await store.read(key, { range: { first, last } });
          assert.ok(found && bytes.subarray(first, last + 1).equals(found.bytes));
          assert.equal(found.sizeBytes, 300);
        }),
        { numRuns: 25 },
      );
    });

    test('a range that begins beyond the end is refused, and so is one that is none', async () => {
      const key = someKey();
      await store.put(key, text('0123456789'), OCTETS);
      for (const range of [
        { first: 10, last: 10 },
        { first: 99, last: 120 },
        { first: 5, last: 4 },
        { first: -1, last: 4 },
      ]) {
        await assert.rejects(store.read(key, { range }), { code: 'range_not_satisfiable' });
      }
    });

    test('a missing object is an answer, and deleting it is success', async () => {
      const key = someKey();
      assert.equal(await store.read(key), undefined);
      assert.equal(await store.read(key, { range: { first: 0, last: 9 } }), undefined);
      assert.equal(await store.head(key), undefined);
      await store.delete(key);
    });

    test('a deleted object is gone, and its key is free again', async () => {
      const key = someKey();
      await store.put(key, text('x'), { contentType: 'text/plain' });
      await store.delete(key);
      assert.equal(await store.head(key), undefined);
      assert.deepEqual((await store.list(key)).objects, []);
      assert.equal(await store.putIfAbsent(key, text('y'), OCTETS), 'stored');
      assert.equal((await store.head(key))?.contentType, OCTETS.contentType);
    });

    test('a list is in the order of the keys\u2019 bytes, with sizes and times', async () => {
      const folder = root();
      const startMs = Date.now();
      const inOrder = ['a-', 'a-b/c', 'a.m4s', 'a/b', 'a/c/d', 'a0', 'b/000001', 'b/000002', 'z\uffe0', 'z\u{1f39e}'];
      await Promise.all(inOrder.toReversed().map((rest) => store.put(keyIn(folder, rest), text(rest), OCTETS)));
      const { objects, next } = await store.list(folder);
      assert.deepEqual(
        objects.map(({ key, sizeBytes }) => ({ key, sizeBytes })),
        inOrder.map((rest) => ({ key: `${folder}${rest}`, sizeBytes: Buffer.byteLength(rest) })),
      );
      // S3 counts in seconds, and clocks differ a little.
      const offMs = objects.map(({ modifiedAtMs }) => Math.abs(modifiedAtMs - startMs));
      assert.ok(
        offMs.every((ms) => ms < 120_000),
        String(offMs),
      );
      assert.equal(next, undefined);
    });

    test('pages of any size, put together, are the whole list', async () => {
      const folder = root();
      const keys = ['a/1', 'a/2', 'a/b/3', 'a/b/4', 'b', 'c/d/e', 'c0'].map((rest) => keyIn(folder, rest));
      await Promise.all(keys.map((key) => store.put(key, text('x'), OCTETS)));
      for (const limit of [1, 2, 3, 6, 7, 8]) {
        const pages = await keysOf(folder, limit);
        assert.deepEqual(pages.flat(), keys, `limit ${limit}`);
        assert.equal(pages.length, Math.ceil(keys.length / limit), `limit ${limit}`);
      }
    });

    test('a list begins after any text, whether or not an object stands there', async () => {
      const folder = root();
      for (const rest of ['a', 'c/d', 'e']) await store.put(keyIn(folder, rest), text('x'), OCTETS);
      const after = async (rest: string) =>
        (await store.list(folder, { after: `${folder}${rest}` })).objects.map(({ key }) => key.slice(folder.length));
      assert.deepEqual(await after('a'), ['c/d', 'e']);
      assert.deepEqual(await after('b'), ['c/d', 'e']);
      assert.deepEqual(await after('c/d'), ['e']);
      assert.deepEqual(await after('c/e'), ['e']);
      assert.deepEqual(await after('e'), []);
    });

    test('a prefix may end within a name', async () => {
      const folder = root();
      for (const rest of ['seg-1', 'seg-2/x', 'sea', 'other']) await store.put(keyIn(folder, rest), text('x'), OCTETS);
      const listed = await store.list(`${folder}seg-`);
      assert.deepEqual(
        listed.objects.map(({ key }) => key.slice(folder.length)),
        ['seg-1', 'seg-2/x'],
      );
    });

    test('1100 objects are listed and deleted by their prefix, and their neighbours stay', async () => {
      const folder = root();
      const inside = Array.from({ length: 1100 }, (_, i) =>
        keyIn(folder, `v/${i % 3}/${String(i).padStart(6, '0')}.m4s`),
      );
      const neighbours = [keyIn(folder, 'v0/x'), keyIn(folder, 'v.m4s'), keyIn(folder, 'u')];
      const waiting = [...inside, ...neighbours];
      const writer = async (): Promise<void> => {
        for (let key = waiting.pop(); key; key = waiting.pop()) await store.put(key, text('x'), OCTETS);
      };
      await Promise.all(Array.from({ length: 16 }, writer));
      const pages = await keysOf(`${folder}v/`);
      assert.deepEqual(
        pages.map((page) => page.length),
        [1000, 100],
      );
      assert.deepEqual(pages.flat(), inside.toSorted());
      assert.equal(await store.deletePrefix(`${folder}v/`), 1100);
      assert.deepEqual((await keysOf(folder)).flat(), neighbours.toSorted());
      assert.equal(await store.deletePrefix(`${folder}v/`), 0);
    });

    // Not promised: that a list names `a/b` while `a` stands. MinIO's does not; no two keys of Millrace are so.
    test('a key may continue another one: each is written, read and deleted alone', async () => {
      const folder = root();
      const [short, long] = [keyIn(folder, 'a'), keyIn(folder, 'a/b')];
      assert.equal(await store.putIfAbsent(short, text('short'), OCTETS), 'stored');
      assert.equal(await store.putIfAbsent(long, text('long'), OCTETS), 'stored');
      assert.equal(await store.putIfAbsent(long, text('again'), OCTETS), 'exists');
      assert.equal(await textAt(short), 'short');
      assert.equal(await textAt(long), 'long');
      await store.delete(short);
      assert.equal(await textAt(short), undefined);
      assert.equal(await textAt(long), 'long');
      await store.put(short, text('new'), OCTETS);
      await store.delete(long);
      assert.equal(await textAt(long), undefined);
      assert.equal(await textAt(short), 'new');
    });

    test('odd but legal names are kept apart and come back as they were', async () => {
      const folder = root();
      const names = [
        ' leading and trailing ',
        'a b',
        'a+b',
        'a%20b',
        'a%2Bb',
        '100%',
        '%',
        'A',
        'a',
        '~',
        'a~',
        '~tmp',
        '~tmp~/x',
        '.hidden',
        '...',
        'x.',
        'quote\'"',
        '<&>',
        '?#[]@!$&()*,;=',
        ':|',
        'ü',
        'u\u0308',
        '電影',
        '🎞',
        '\u00a0',
        '-rf',
        'CON',
        'a..b',
        '..a/b..',
        '.a./..b',
        'a.b/c.d',
        'n'.repeat(200),
      ];
      for (const name of names)
        assert.equal(await store.putIfAbsent(keyIn(folder, name), text(name), OCTETS), 'stored', name);
      for (const name of names) assert.equal(await textAt(keyIn(folder, name)), name, name);
      const listed = (await keysOf(folder, 7)).flat().map((key) => key.slice(folder.length));
      const inOrder = names.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      assert.deepEqual(listed, inOrder);
      assert.equal(await store.deletePrefix(folder), names.length);
    });

    test('what is not a key is refused by every call and touches nothing', async () => {
      const bad = [
        '',
        '/',
        '/etc/passwd',
        'a/',
        'a//b',
        '.',
        '..',
        '../x',
        'a/../b',
        'a/./b',
        'a/..',
        'a\\b',
        '..\\x',
        'a\0b',
        'a\nb',
        '\u007f',
        '\ud800',
        'a\ufffe',
        `${'n'.repeat(201)}`,
        'Ü'.repeat(67),
        `${'d/'.repeat(512)}x`,
      ] as ObjectKey[];
      for (const key of bad) {
        const refused = { code: 'bad_request' };
        await assert.rejects(store.put(key, text('x'), OCTETS), refused, key);
        await assert.rejects(store.putIfAbsent(key, text('x'), OCTETS), refused, key);
        await assert.rejects(store.read(key), refused, key);
        await assert.rejects(store.head(key), refused, key);
        await assert.rejects(store.delete(key), refused, key);
      }
      for (const prefix of ['', 'a', '/', '../', 'a/../', '/a/', 'a//']) {
        await assert.rejects(store.deletePrefix(prefix), { code: 'bad_request' }, prefix);
      }
      for (const prefix of ['/', '../x/', 'a//', 'a/../b', 'a\0']) {
        await assert.rejects(store.list(prefix), { code: 'bad_request' }, prefix);
      }
    });

    test('an object that would not fit in memory is refused before it is sent', async () => {
      const key = someKey();
      await assert.rejects(store.put(key, new Uint8Array(64 * 1024 * 1024 + 1), OCTETS), /more than the 67108864/);
      assert.equal(await store.head(key), undefined);
    });

    test('a call that was called off does nothing', async () => {
      const key = someKey();
      const signal = AbortSignal.abort();
      await assert.rejects(store.put(key, text('x'), { ...OCTETS, signal }), { name: 'AbortError' });
      await assert.rejects(store.read(key, { signal }), { name: 'AbortError' });
      await assert.rejects(store.head(key, { signal }), { name: 'AbortError' });
      assert.equal(await store.head(key), undefined);
    });

    test('a call whose deadline has passed is an outage, whoever set the deadline', async () => {
      const key = someKey();
      const signal = AbortSignal.abort(new DOMException('too late', 'TimeoutError'));
      const outage = { code: 'store_unavailable', message: 'the object store does not answer in time' };
      await assert.rejects(store.put(key, text('x'), { ...OCTETS, signal }), outage);
      await assert.rejects(store.read(key, { signal }), outage);
      await assert.rejects(store.head(key, { signal }), outage);
    });

    test('a check of a healthy store passes and leaves nothing behind', async () => {
      await store.check();
      await store.check(AbortSignal.timeout(60_000));
      assert.deepEqual((await store.list('checks/')).objects, []);
    });
  });
}
