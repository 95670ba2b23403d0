import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { problemOf } from '../lib/http.ts';
import { DomainError, ERROR_CODES } from './errors.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/http-api.md'), 'utf8');
const errors = page.slice(page.indexOf('## Errors'), page.indexOf('## Health'));
/** Rows of the table: codes, and their status. */
const rows = [...errors.matchAll(/^\| ((?:`[a-z_]+`(?:, )?)+) \| (\d{3}) \|/gm)].flatMap(([, codes = '', status]) =>
  [...codes.matchAll(/`([a-z_]+)`/g)].map(([, code = '']) => ({ code, status: Number(status) })),
);
/** Codes that only a video's own `error` has. */
const ofVideos = [...(errors.split('Codes that a video')[1] ?? '').matchAll(/`([a-z_]+)`/g)].map(
  ([, code = '']) => code,
);

test('docs/http-api.md lists every code, with the status it is answered with', () => {
  for (const code of ERROR_CODES) {
    const row = rows.find((listed) => listed.code === code);
    assert.ok(row ?? ofVideos.includes(code), `${code} is not listed`);
    if (row) assert.equal(row.status, problemOf(new DomainError(code)).status, code);
  }
});

test('docs/http-api.md lists no code that does not exist', () => {
  for (const { code } of rows) assert.ok((ERROR_CODES as readonly string[]).includes(code), code);
  assert.equal(new Set(rows.map(({ code }) => code)).size, rows.length, 'each code stands in one row');
});
