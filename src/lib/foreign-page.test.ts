import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFromForeignPage } from './foreign-page.ts';

const ask = (headers: Record<string, string>, method = 'POST') =>
  isFromForeignPage({ method, headers: { host: 'tv.example:8080', ...headers } });

test('browsers tell where a page comes from, whatever host a proxy makes of it', () => {
  for (const site of ['cross-site', 'same-site', 'odd'])
    assert.equal(ask({ 'sec-fetch-site': site, origin: 'http://tv.example:8080' }), true, site);
  for (const site of ['same-origin', 'none'])
    assert.equal(ask({ 'sec-fetch-site': site, origin: 'https://outside.example' }), false, site);
});

test('where they do not, the origin must be the host that was asked', () => {
  assert.equal(ask({ origin: 'http://tv.example:8080' }), false);
  for (const origin of ['http://tv.example', 'http://evil.example:8080', 'null', 'http://tv.example:8080.evil.example'])
    assert.equal(ask({ origin }), true, origin);
});

test('programs that are no browser, and requests that change nothing, pass', () => {
  assert.equal(ask({}), false);
  for (const method of ['GET', 'HEAD', 'OPTIONS'])
    assert.equal(ask({ 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }, method), false);
});
