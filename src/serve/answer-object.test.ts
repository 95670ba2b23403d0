import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { answerObject } from './answer-object.ts';

const object = (bytes: Buffer) => ({ bytes, etag: '"e"', head: ['ETag', '"e"'], readAtMs: 0, freshForMs: Infinity });
const field = (head: readonly string[], name: string) => head[head.indexOf(name) + 1];

test('without a range the whole object is sent, and not a copy of it', () => {
  const bytes = Buffer.from('0123456789');
  const answer = answerObject({}, object(bytes));
  assert.equal(answer.status, 200);
  assert.equal(answer.body, bytes);
  assert.equal(field(answer.head, 'Content-Length'), '10');
});

test('a range gives exactly the bytes that it names', () => {
  const asked = fc.record({
    size: fc.integer({ min: 1, max: 64 }),
    first: fc.nat(80),
    length: fc.integer({ min: 1, max: 80 }),
  });
  fc.assert(
    fc.property(asked, ({ size, first, length }) => {
      const bytes = Buffer.from(Array.from({ length: size }, (_, i) => i));
      const range = `bytes=${first}-${first + length - 1}`;
      if (first >= size) {
        assert.throws(() => answerObject({ range }, object(bytes)), { code: 'range_not_satisfiable' });
        return;
      }
      const answer = answerObject({ range }, object(bytes));
      const expected = Array.from({ length: size }, (_, i) => i).filter((i) => i >= first && i < first + length);
      assert.equal(answer.status, 206);
      assert.deepEqual([...answer.body], expected);
      assert.equal(field(answer.head, 'Content-Length'), String(expected.length));
      assert.equal(field(answer.head, 'Content-Range'), `bytes ${first}-${expected.at(-1)}/${size}`);
    }),
  );
});

test('a client that has the object gets no body, whatever range it asks for', () => {
  const answer = answerObject({ 'if-none-match': '"e"', range: 'bytes=0-1' }, object(Buffer.from('0123')));
  assert.deepEqual([answer.status, answer.body.length], [304, 0]);
});

test('a range is meant only for the version that the client has a part of', () => {
  const of = object(Buffer.from('0123456789'));
  assert.equal(answerObject({ range: 'bytes=2-3', 'if-range': '"e"' }, of).body.toString(), '23');
  assert.equal(answerObject({ range: 'bytes=2-3', 'if-range': '"old"' }, of).status, 200);
  assert.equal(answerObject({ range: 'bytes=2-3', 'if-range': 'Thu, 01 Jan 2026 00:00:00 GMT' }, of).status, 200);
});
