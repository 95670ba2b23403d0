import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { test } from 'node:test';
import { requestHeaders, responseHeaders } from './forward-headers.ts';

const request = (headers: Record<string, string>) =>
  ({ headers, socket: { remoteAddress: '192.0.2.1' } }) as unknown as IncomingMessage;

test('ranges, validators and what the player tells go on; cookies, credentials and connection fields do not', () => {
  const kept = { range: 'bytes=0-1', 'if-none-match': '"e"', 'cmcd-session': 'sid="a"', 'user-agent': 'player' };
  const dropped = { cookie: 'a=b', authorization: 'Bearer x', connection: 'close', te: 'trailers', upgrade: 'h2c' };
  assert.deepEqual(requestHeaders(request({ ...kept, ...dropped })), {
    ...kept,
    'x-forwarded-for': '192.0.2.1',
    'x-forwarded-proto': 'http',
  });
});

test('the peer is added to the chain of proxies, but not to an endless one', () => {
  const forwardedFor = (before: string) => requestHeaders(request({ 'x-forwarded-for': before }))['x-forwarded-for'];
  assert.equal(forwardedFor('203.0.113.7'), '203.0.113.7, 192.0.2.1');
  assert.equal(forwardedFor('x'.repeat(600)), '192.0.2.1');
});

test('fields that concern the connection to the edge stay behind, also those that it nominates', () => {
  const headers = {
    connection: 'keep-alive, X-Secret',
    'keep-alive': 'timeout=5',
    'transfer-encoding': 'chunked',
    'x-secret': '1',
    etag: '"e"',
    'content-length': '4',
  };
  assert.deepEqual(responseHeaders(headers), ['etag', '"e"', 'content-length', '4']);
});
