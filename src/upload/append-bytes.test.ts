import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { ManualClock } from '../../test/fakes/manual-clock.ts';
import { MemoryObjectStore } from '../../test/fakes/memory-object-store.ts';
import { eventually } from '../../test/support/eventually.ts';
import { DomainError } from '../domain/errors.ts';
import type { VideoId } from '../domain/ids.ts';
import { sourcePartKey } from '../domain/object-keys.ts';
import type { ObjectStore } from '../domain/ports.ts';
import { PART_SIZE_BYTES } from '../domain/source.ts';
import { appendBytes } from './append-bytes.ts';
import { contentIdOf, sha256Of } from './content-id.ts';
import { PartPool } from './part-pool.ts';

const videoId = '0123456789abcdef' as VideoId;
const MAX_BYTES = 1024 ** 3;
/** Two parts and a bit, made once. */
const SOURCE = randomBytes(2 * PART_SIZE_BYTES + 12_345);

/** Memory of its own, which nobody else wants: nothing is ever parked. */
const memory = () => ({
  partPool: new PartPool({ memoryBytes: 2 * PART_SIZE_BYTES, clock: new ManualClock() }),
  parking: { save: () => assert.fail(), load: () => assert.fail() },
});

async function* inPieces(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let at = 0, i = 0; at < bytes.byteLength; i++) {
    const size = sizes[i % sizes.length]!;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

test('however the bytes come cut up, the parts and digests are the same', async () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 3 * PART_SIZE_BYTES }), { minLength: 1, maxLength: 5 });
  const notTooSmall = sizes.filter((all) => all.reduce((sum, size) => sum + size, 0) > 50_000 * all.length);
  const wanted = [0, 1, 2].map((i) => SOURCE.subarray(i * PART_SIZE_BYTES, (i + 1) * PART_SIZE_BYTES));
  await fc.assert(
    fc.asyncProperty(notTooSmall, async (pieces) => {
      const store = new MemoryObjectStore();
      const received = await appendBytes(videoId, inPieces(SOURCE, pieces), {
        ...memory(),
        store,
        maxBytes: MAX_BYTES,
      });
      const parts = wanted.map((part) => ({ sizeBytes: part.byteLength, sha256: sha256Of(part) }));
      assert.deepEqual(received.parts, parts);
      assert.equal(received.sizeBytes, SOURCE.byteLength);
      assert.equal(received.sha256Base64, createHash('sha256').update(SOURCE).digest('base64'));
      for (const [part, bytes] of wanted.entries()) {
        const stored = await store.read(sourcePartKey({ videoId, part }));
        assert.ok(stored && Buffer.compare(stored.bytes, bytes) === 0, `part ${part}`);
      }
    }),
    { numRuns: 12 },
  );
});

test('a source of whole parts has no empty one after them', async () => {
  const store = new MemoryObjectStore();
  const bytes = SOURCE.subarray(0, PART_SIZE_BYTES);
  const { parts } = await appendBytes(videoId, inPieces(bytes, [1024 * 1024]), {
    ...memory(),
    store,
    maxBytes: PART_SIZE_BYTES,
  });
  assert.equal(parts.length, 1);
  assert.deepEqual(store.keys(), [sourcePartKey({ videoId, part: 0 })]);
});

test('no bytes at all are refused', async () => {
  const store = new MemoryObjectStore();
  await assert.rejects(appendBytes(videoId, inPieces(new Uint8Array(), [1]), { ...memory(), store, maxBytes: 10 }), {
    code: 'empty_upload',
  });
});

test('the first byte too many ends it, and no more is read', async () => {
  let read = 0;
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (;;) {
      read += 1_000;
      yield SOURCE.subarray(0, 1_000);
    }
  }
  const store = new MemoryObjectStore();
  await assert.rejects(appendBytes(videoId, endless(), { ...memory(), store, maxBytes: 4_999 }), {
    code: 'upload_too_large',
  });
  assert.equal(read, 5_000);
});

test('a store that fails fails the upload, once and with its own reason', async () => {
  for (const failing of [0, 1, 2]) {
    let writes = 0;
    const store = storeThat(async () => {
      if (writes++ === failing) throw new DomainError('store_unavailable');
      return 'stored';
    });
    await assert.rejects(
      appendBytes(videoId, inPieces(SOURCE, [65_536]), { ...memory(), store, maxBytes: MAX_BYTES }),
      {
        code: 'store_unavailable',
      },
    );
  }
});

test('a sender that breaks off while a part is being stored ends with its own reason', async () => {
  async function* breaksOff(): AsyncGenerator<Uint8Array> {
    yield SOURCE.subarray(0, PART_SIZE_BYTES + 1);
    throw new Error('connection reset');
  }
  const store = storeThat(() => Promise.reject(new DomainError('store_unavailable')));
  await assert.rejects(
    appendBytes(videoId, breaksOff(), { ...memory(), store, maxBytes: MAX_BYTES }),
    /connection reset/,
  );
});

test('a slow store makes the sender wait, so that no more than two parts are held', async () => {
  const piece = 1024 * 1024;
  let taken = 0;
  async function* counted(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < 6 * PART_SIZE_BYTES; at += piece) {
      taken += piece;
      yield SOURCE.subarray(0, piece);
    }
  }
  const gates: (() => void)[] = [];
  const store = storeThat(() => new Promise((done) => gates.push(() => done('stored'))));
  const appending = appendBytes(videoId, counted(), { ...memory(), store, maxBytes: MAX_BYTES });
  for (let part = 0; part < 6; part++) {
    await eventually(`part ${part} is being stored`, () => gates.length > part);
    // Whatever can still move without the store, moves now.
    await new Promise((done) => setImmediate(done));
    assert.ok(taken <= (part + 2) * PART_SIZE_BYTES, `${taken} bytes were taken with part ${part} in the air`);
    assert.equal(gates.length, part + 1, 'one write at a time');
    gates[part]!();
  }
  assert.equal((await appending).parts.length, 6);
});

test('a content id depends on every part and on their order', () => {
  const [a, b] = ['aa'.repeat(32), 'bb'.repeat(32)];
  const byHand = createHash('sha256')
    .update(Buffer.from(a + b, 'hex'))
    .digest('hex');
  assert.equal(contentIdOf([a, b]), byHand);
  assert.equal(new Set([contentIdOf([a]), contentIdOf([b]), contentIdOf([a, b]), contentIdOf([b, a])]).size, 4);
});

const storeThat = (putIfAbsent: ObjectStore['putIfAbsent']): Pick<ObjectStore, 'putIfAbsent'> => ({ putIfAbsent });
