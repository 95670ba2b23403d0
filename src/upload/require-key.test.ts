import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { KeyScope } from '../domain/api-keys.ts';
import type { ApiKeyId } from '../domain/ids.ts';
import { createApp } from '../lib/app.ts';
import { createMetrics } from '../lib/metrics.ts';
import { digestOf, KeyRing } from './key-ring.ts';
import { requireKey } from './require-key.ts';

const KEY = 'a-key-of-this-test';
const OTHER_KEY = 'another-key:of-this-test';
const bearer = (key: string): string => `Bearer ${key}`;
const basic = (key: string): string => `Basic ${Buffer.from(`anybody:${key}`).toString('base64')}`;

const ring = new KeyRing({ fixed: [KEY, OTHER_KEY], clock: { nowMs: () => 1 } });
const app = createApp({
  health: { role: 'upload-api', version: '1.2.3', uptimeSeconds: () => 1, checks: {} },
  metrics: createMetrics('upload-api'),
  bodyLimitBytes: 1_000,
  onFault: (error) => console.error(error),
});
before(async () => {
  app.addHook('onRequest', requireKey(ring));
  for (const url of ['/', '/watch/:id', '/assets/a.js', '/videos', '/videos/:id', '/videos/:id/source', '/webhooks'])
    app.get(url, async () => 'seen');
  await app.register(async (plain) => {
    plain.delete('/videos/:id', async () => 'done');
    plain.post('/videos/:id/tokens', async () => 'done');
    plain.options('/uploads', async () => 'done');
  });
  await app.ready();
});
after(() => app.close());

type Sent = { readonly method?: 'GET' | 'POST' | 'DELETE' | 'OPTIONS'; readonly headers?: Record<string, string> };
const ask = (url: string, { method = 'GET', headers = {} }: Sent = {}) => app.inject({ url, method, headers });

test('a viewer, a probe and a preflight need no key', async () => {
  for (const url of ['/health', '/metrics', '/watch/x', '/assets/a.js', '/videos/x'])
    assert.equal((await ask(url)).statusCode, 200, url);
  assert.equal((await ask('/uploads', { method: 'OPTIONS' })).statusCode, 200);
});

test('everything else is refused with a problem and a challenge, also what does not exist', async () => {
  for (const url of ['/', '/videos', '/videos/x/source', '/nothing', '/videos/x/../../videos']) {
    const answer = await ask(url);
    assert.deepEqual([answer.statusCode, answer.json().code], [401, 'unauthorized'], url);
    assert.match(String(answer.headers['www-authenticate']), /^Basic realm=/);
  }
  assert.equal((await ask('/videos/x', { method: 'DELETE' })).statusCode, 401);
});

test('each key opens all, as bearer token and as password', async () => {
  for (const authorization of [KEY, OTHER_KEY].flatMap((key) => [bearer(key), basic(key)])) {
    assert.equal((await ask('/videos', { headers: { authorization } })).statusCode, 200, authorization);
    assert.equal((await ask('/videos/x', { method: 'DELETE', headers: { authorization } })).statusCode, 200);
  }
});

test('what only resembles a key opens nothing', async () => {
  const wrong = [
    '',
    KEY,
    bearer(KEY.slice(0, -1)),
    bearer(`${KEY}x`),
    bearer(''),
    basic(''),
    `Digest ${KEY}`,
    'Basic %%%',
  ];
  for (const authorization of wrong)
    assert.equal((await ask('/videos', { headers: { authorization } })).statusCode, 401, authorization);
});

test('a page of another origin cannot act with the password that a browser keeps', async () => {
  const host = 'videos.example:8080';
  const remove = (origin: string, authorization: string) =>
    ask('/videos/x', { method: 'DELETE', headers: { host, origin, authorization } });
  assert.equal((await remove('https://evil.example', basic(KEY))).statusCode, 401);
  assert.equal((await remove('null', basic(KEY))).statusCode, 401);
  assert.equal((await remove(`https://${host}`, basic(KEY))).statusCode, 200);
  // A bearer token was put there by whoever wrote the page.
  assert.equal((await remove('https://app.example', bearer(KEY))).statusCode, 200);
});

test('a key reaches as far as its scope, and is told how far it would have to', async () => {
  const id = '00000000-0000-4000-8000-000000000000' as ApiKeyId;
  const reached = async (scope: KeyScope) => {
    ring.replace({ keys: [{ id, scope, digest: digestOf(`of-${scope}`), expiresAtMs: Infinity }], wereMade: true });
    const headers = { authorization: bearer(`of-${scope}`) };
    const asks = [
      ask('/videos', { headers }),
      ask('/videos/x/tokens', { method: 'POST', headers }),
      ask('/videos/x', { method: 'DELETE', headers }),
      ask('/webhooks', { headers }),
    ];
    return (await Promise.all(asks)).map(({ statusCode }) => statusCode);
  };
  assert.deepEqual(await reached('read'), [200, 200, 403, 403]);
  assert.deepEqual(await reached('write'), [200, 200, 200, 403]);
  assert.deepEqual(await reached('admin'), [200, 200, 200, 200]);
  ring.replace({ keys: [{ id, scope: 'read', digest: digestOf('of-read'), expiresAtMs: Infinity }], wereMade: true });
  const narrow = await ask('/webhooks', { headers: { authorization: bearer('of-read') } });
  assert.equal(narrow.json().code, 'scope_needed');
  assert.equal(narrow.headers['www-authenticate'], undefined, 'another password would not be asked for');
});
