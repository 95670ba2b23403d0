import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { table } from './table.ts';

test('columns are as wide as their longest text, and numbers stand at the right', () => {
  const text = table(
    [{ head: 'NAME' }, { head: 'TASKS', right: true }, { head: 'STATE' }],
    [
      ['worker-1', '3', 'busy'],
      ['w', '12', ''],
    ],
  );
  assert.equal(text, 'NAME      TASKS  STATE\nworker-1      3  busy\nw            12');
});

test('where it is too wide, only the columns that may be cut are cut', () => {
  const columns = [{ head: 'JOB' }, { head: 'TITLE', least: 6 }];
  const rows = [['0123456789', 'A long title of a video']];
  assert.equal(table(columns, rows, 22), 'JOB         TITLE\n0123456789  A long ti…');
  assert.equal(table(columns, rows, 10), 'JOB         TITLE\n0123456789  A lon…');
});

test('no line is wider than asked for, as long as every column may be cut', () => {
  const cell = fc.string({ unit: 'grapheme-ascii', maxLength: 60 });
  fc.assert(
    fc.property(fc.array(fc.tuple(cell, cell, cell)), fc.integer({ min: 20, max: 120 }), (rows, widthMost) => {
      const columns = ['A', 'B', 'C'].map((head) => ({ head, least: 4 }));
      for (const line of table(columns, rows, widthMost).split('\n')) assert.ok(line.length <= widthMost);
    }),
  );
});

test('a cut never falls within a character', () => {
  assert.equal(table([{ head: 'T', least: 3 }], [['🎬🎬🎬🎬']], 3), 'T\n🎬🎬…');
});
