import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { splitJpegs } from './split-jpegs.ts';

const jpeg = (body: readonly number[]): Buffer =>
  Buffer.from([0xff, 0xd8, ...body.flatMap((byte) => (byte === 0xff ? [byte, 0] : [byte])), 0xff, 0xd9]);

async function* cut(bytes: Buffer, sizeBytes: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += sizeBytes) yield bytes.subarray(at, at + sizeBytes);
}

test('the same pictures come out however the bytes arrive', async () => {
  const bodies = fc.array(fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 50 }), { maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(bodies, fc.integer({ min: 1, max: 60 }), async (pictures, sizeBytes) => {
      const jpegs = pictures.map(jpeg);
      assert.deepEqual(await Array.fromAsync(splitJpegs(cut(Buffer.concat(jpegs), sizeBytes))), jpegs);
    }),
  );
});

test('a stream that ends inside a picture is an error', async () => {
  await assert.rejects(Array.fromAsync(splitJpegs(cut(jpeg([1, 2]).subarray(0, 4), 3))), /has no end/);
});
