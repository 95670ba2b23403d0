import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { PART_SIZE_BYTES } from '../../../src/domain/source.ts';
import { contentIdOf, sha256Of } from '../../../src/upload/content-id.ts';
import { HASH_PART_BYTES, hashFile } from './hash-file.ts';

const quiet = { onHashed: () => undefined, signal: new AbortController().signal };

test('the page cuts files as the server does', () => assert.equal(HASH_PART_BYTES, PART_SIZE_BYTES));

for (const size of [1, HASH_PART_BYTES, HASH_PART_BYTES * 4 + 17])
  test(`${size} bytes get the id that the server gives them`, async () => {
    const bytes = randomBytes(size);
    const parts = Array.from({ length: Math.ceil(size / PART_SIZE_BYTES) }, (_, part) =>
      sha256Of(bytes.subarray(part * PART_SIZE_BYTES, (part + 1) * PART_SIZE_BYTES)),
    );
    assert.equal(await hashFile(new Blob([bytes]), quiet), contentIdOf(parts));
  });

test('hashing tells how far it is, and stops when it is told to', async () => {
  const stopping = new AbortController();
  const told: number[] = [];
  const onHashed = (bytes: number): void => {
    told.push(bytes);
    stopping.abort(new Error('enough'));
  };
  const file = new Blob([randomBytes(HASH_PART_BYTES * 6)]);
  await assert.rejects(hashFile(file, { onHashed, signal: stopping.signal }), /enough/);
  assert.equal(told[0], HASH_PART_BYTES);
  assert.ok(told.length <= 3, 'only what was under way was ended');
});
