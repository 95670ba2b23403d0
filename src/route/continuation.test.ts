import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { AnswerHead } from './answer-head.ts';
import { askForRest, isRest, promisedBytes } from './continuation.ts';

const whole = (bodyBytes: number, etag = '"e"'): AnswerHead => ({
  status: 200,
  fields: [],
  bodyBytes,
  etag,
  contentRange: undefined,
  keepsAlive: true,
});
const part = (first: number, last: number, total: number, etag = '"e"'): AnswerHead => ({
  ...whole(last - first + 1, etag),
  status: 206,
  contentRange: `bytes ${first}-${last}/${total}`,
});

/** An object, the range that a client asked for, and how much of it has come. */
const anyBreak = fc
  .record({ total: fc.integer({ min: 1, max: 5000 }), a: fc.nat(4999), b: fc.nat(4999), isWhole: fc.boolean() })
  .map(({ total, a, b, isWhole }) => {
    const [first = 0, last = 0] = [a % total, b % total].sort((x, y) => x - y);
    return isWhole ? { total, first: 0, last: total - 1, isWhole } : { total, first, last, isWhole };
  })
  .chain((of) => fc.nat(of.last - of.first).map((sent) => ({ ...of, sent })));

test('what was sent and what is asked for make up what was promised, byte for byte', () => {
  fc.assert(
    fc.property(anyBreak, ({ total, first, last, isWhole, sent }) => {
      const owed = promisedBytes(isWhole ? whole(total) : part(first, last, total))!;
      assert.deepEqual(owed, { first, last, totalBytes: total, etag: '"e"' });
      assert.deepEqual(askForRest(owed, sent), { range: `bytes=${first + sent}-${last}`, 'if-range': '"e"' });
      assert.ok(isRest(part(first + sent, last, total), owed, sent));
    }),
  );
});

test('another version, length or range is never taken for the rest', () => {
  fc.assert(
    fc.property(anyBreak, ({ total, first, last, sent }) => {
      const owed = promisedBytes(part(first, last, total))!;
      const from = first + sent;
      const others = [
        part(from, last, total, '"other"'),
        part(from, last, total, 'W/"e"'),
        part(from, last, total + 1),
        part(from + 1, last + 1, total + 1),
        { ...part(from, last, total), status: 200 },
        whole(last - from + 1),
        whole(total),
        { ...part(from, last, total), bodyBytes: last - from + 2 },
        { ...part(from, last, total), contentRange: `bytes ${from}-${last}/*` },
        { ...part(from, last, total), contentRange: undefined },
      ];
      if (from > 0) others.push(part(from - 1, last, total));
      if (last > from) others.push(part(from, last - 1, total));
      for (const other of others) assert.equal(isRest(other, owed, sent), false, JSON.stringify(other));
    }),
  );
});

test('without a strong tag nobody else can go on', () => {
  assert.equal(promisedBytes({ ...whole(10), etag: undefined }), undefined);
  assert.equal(promisedBytes(whole(10, 'W/"e"')), undefined);
  assert.equal(promisedBytes(whole(0)), undefined);
});
