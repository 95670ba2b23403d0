import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Registry } from 'prom-client';
import { type App, createApp } from '../lib/app.ts';
import { RateLimit } from '../lib/rate-limit.ts';
import { guardRequests } from './guard-requests.ts';

let atMs = 0;
let app: App;
before(async () => {
  app = createApp({
    health: { role: 'test', version: '0', uptimeSeconds: () => 0, checks: {} },
    metrics: new Registry(),
    bodyLimitBytes: 1_000,
    trustedProxies: ['127.0.0.1', '10.0.0.0/8'],
    onFault: (error) => console.error(error),
  });
  app.addHook('onRequest', guardRequests(new RateLimit({ perSecond: 1, burst: 2, nowMs: () => atMs })));
  app.get('/videos', async () => ({}));
  app.post('/videos', async () => ({}));
  app.patch('/uploads/:id', async () => ({}));
  await app.ready();
});
after(() => app.close());

type Ask = { method?: 'GET' | 'POST' | 'PATCH'; headers?: Record<string, string> };
const ask = (path: string, { method = 'GET', headers = {} }: Ask = {}) => app.inject({ url: path, method, headers });
const from = (address: string) => ({ headers: { 'x-forwarded-for': address } });

test('every answer tells browsers that it is no page: nothing in it runs or is framed', async () => {
  for (const path of ['/videos', '/nothing']) {
    const { headers } = await ask(path);
    assert.match(String(headers['content-security-policy']), /^default-src 'none'; .*frame-ancestors 'none'/);
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.equal(headers['referrer-policy'], 'same-origin');
  }
});

test('an address that asks too much is told when to come again, and others are not hurt', async () => {
  for (const status of [200, 200, 429]) assert.equal((await ask('/videos', from('192.0.2.1'))).statusCode, status);
  const refused = await ask('/nothing', from('192.0.2.1'));
  assert.deepEqual([refused.statusCode, refused.headers['retry-after']], [429, '1']);
  assert.match(String(refused.headers['content-type']), /^application\/problem\+json/);
  assert.equal(refused.json().code, 'too_many_requests');
  assert.equal((await ask('/videos', from('192.0.2.2'))).statusCode, 200);
  atMs += 1_000;
  assert.equal((await ask('/videos', from('192.0.2.1'))).statusCode, 200);
});

test('only the word of a known proxy is taken for the address', async () => {
  // What a client wrote itself stands before what the proxies added.
  for (const status of [200, 200, 429]) {
    const lie = `198.51.100.${status % 7}, 192.0.2.3, 10.0.0.1`;
    assert.equal((await ask('/videos', from(lie))).statusCode, status);
  }
});

test('bytes of uploads, probes and this machine are not counted', async () => {
  for (let i = 0; i < 5; i++) {
    const { headers } = from('192.0.2.4');
    assert.equal((await ask('/uploads/x', { method: 'PATCH', headers })).statusCode, 200);
    assert.equal((await ask('/health', { headers })).statusCode, 200);
    assert.equal((await ask('/videos')).statusCode, 200);
  }
});

test('a page of another origin changes nothing', async () => {
  const foreign = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' };
  const refused = await ask('/videos', { method: 'POST', headers: foreign });
  assert.deepEqual([refused.statusCode, refused.json().code], [403, 'foreign_page']);
  assert.equal((await ask('/videos', { headers: foreign })).statusCode, 200);
  assert.equal((await ask('/videos', { method: 'POST' })).statusCode, 200);
});
