import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ByteRange, PART_SIZE_BYTES, parseRange, partCount, partsOfRange } from './source.ts';

/** Sizes and offsets around the edges of parts, where mistakes live. */
const edge = fc
  .tuple(fc.nat({ max: 4 }), fc.integer({ min: -2, max: 2 }))
  .map(([parts, by]) => Math.max(0, parts * PART_SIZE_BYTES + by));
const size = fc.oneof(fc.nat({ max: 3 * PART_SIZE_BYTES }), edge).filter((bytes) => bytes > 0);

test('the pieces of a range are the bytes of the range, in order and each once', () => {
  fc.assert(
    fc.property(edge, edge, (a, b) => {
      const range: ByteRange = { first: Math.min(a, b), last: Math.max(a, b) };
      let next = range.first;
      for (const { part, range: piece } of partsOfRange(range)) {
        assert.equal(part * PART_SIZE_BYTES + piece.first, next);
        assert.ok(piece.first <= piece.last && piece.last < PART_SIZE_BYTES);
        next = part * PART_SIZE_BYTES + piece.last + 1;
      }
      assert.equal(next, range.last + 1);
    }),
  );
});

test('a source has as many parts as its last byte says', () => {
  fc.assert(
    fc.property(size, (bytes) => {
      assert.equal(partCount(bytes), partsOfRange({ first: 0, last: bytes - 1 }).length);
    }),
  );
  assert.equal(partCount(0), 0);
});

const asked = fc.record({
  from: fc.option(fc.nat({ max: 40 }), { nil: undefined }),
  to: fc.option(fc.nat({ max: 40 }), { nil: undefined }),
  sizeBytes: fc.nat({ max: 30 }),
});

test('a Range header gives the same bytes as a slice does', () => {
  fc.assert(
    fc.property(asked, ({ from, to, sizeBytes }) => {
      const whole = Array.from({ length: sizeBytes }, (_, i) => i);
      const header = `bytes=${from ?? ''}-${to ?? ''}`;
      const got = bytesOf(header, whole);
      if (from === undefined && to === undefined) return assert.deepEqual(got, whole);
      if (from === undefined) return assert.deepEqual(got, sliceOrRefuse(whole.slice(Math.max(0, sizeBytes - to!))));
      if (to !== undefined && to < from) return assert.deepEqual(got, whole, 'an invalid range is ignored');
      return assert.deepEqual(got, sliceOrRefuse(whole.slice(from, to === undefined ? undefined : to + 1)));
    }),
    { numRuns: 500 },
  );
});

test('a header that is absent, of another unit, malformed or of several ranges asks for the whole', () => {
  for (const header of [undefined, '', 'bytes', 'bytes=', 'items=0-1', 'bytes=0-1,3-4', 'bytes=a-b', 'bytes=--1'])
    assert.equal(parseRange(header, 10), 'whole', header);
});

const sliceOrRefuse = (bytes: number[]): number[] | 'refused' => (bytes.length === 0 ? 'refused' : bytes);

function bytesOf(header: string, whole: number[]): number[] | 'refused' {
  try {
    const range = parseRange(header, whole.length);
    return range === 'whole' ? whole : whole.slice(range.first, range.last + 1);
  } catch (error) {
    assert.equal((error as { code?: string }).code, 'range_not_satisfiable');
    return 'refused';
  }
}
