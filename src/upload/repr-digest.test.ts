import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { parseReprDigest } from './repr-digest.ts';

const DIGEST = createHash('sha256').update('hello').digest('base64');

test('the SHA-256 of the header is found among others, wherever it stands', () => {
  for (const header of [
    `sha-256=:${DIGEST}:`,
    `sha-512=:AAAA:, sha-256=:${DIGEST}:`,
    ` sha-256=:${DIGEST}: ,md5=:AA==:`,
    ['md5=:AA==:', `sha-256=:${DIGEST}:`],
  ])
    assert.equal(parseReprDigest(header), DIGEST);
});

test('without the header, or with other algorithms only, nothing is checked', () => {
  for (const header of [undefined, '', 'sha-512=:AAAA:', 'not-sha-256=:AAAA:'])
    assert.equal(parseReprDigest(header), undefined);
});

test('a stated digest that cannot be one is refused and not ignored', () => {
  const hex = createHash('sha256').update('hello').digest('hex');
  for (const header of [
    'sha-256=',
    'sha-256=::',
    `sha-256=${DIGEST}`,
    `sha-256=:${hex}:`,
    'sha-256=:AAAA:',
    `sha-256 = :${DIGEST}`,
  ])
    assert.throws(() => parseReprDigest(header), { code: 'bad_request' }, header);
});
