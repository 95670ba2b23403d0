import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { test } from 'node:test';
import { type EdgeRequestParts, requestText } from './forward-headers.ts';

const lines = (
  headers: Record<string, string>,
  { method = 'GET', ...parts }: { method?: string } & EdgeRequestParts = {},
) =>
  requestText(
    {
      headers,
      method,
      url: '/play/v/s/index.m3u8?CMCD=a',
      socket: { remoteAddress: '192.0.2.1' },
    } as unknown as IncomingMessage,
    'edge:8101',
    parts,
  ).split('\r\n');

const OURS = ['x-forwarded-for: 192.0.2.1', 'x-forwarded-proto: http', '', ''];

test('ranges, validators and what the player tells go on; cookies, credentials and connection fields do not', () => {
  const kept = { 'cmcd-session': 'sid="a"', 'if-none-match': '"e"', range: 'bytes=0-1', 'user-agent': 'player' };
  const dropped = { cookie: 'a=b', authorization: 'Bearer x', connection: 'close', te: 'trailers', upgrade: 'h2c' };
  assert.deepEqual(lines({ ...kept, ...dropped }), [
    'GET /play/v/s/index.m3u8?CMCD=a HTTP/1.1',
    'Host: edge:8101',
    ...Object.entries(kept).map(([name, value]) => `${name}: ${value}`),
    ...OURS,
  ]);
});

test('the peer is added to the chain of proxies, but not to an endless one', () => {
  const forwardedFor = (before: string) =>
    lines({ 'x-forwarded-for': before }).find((line) => line.startsWith('x-forwarded-for'));
  assert.equal(forwardedFor('203.0.113.7'), 'x-forwarded-for: 203.0.113.7, 192.0.2.1');
  assert.equal(forwardedFor('x'.repeat(600)), 'x-forwarded-for: 192.0.2.1');
});

test("whoever asks for the rest of an answer asks in place of the client's own conditions", () => {
  const part = { range: 'bytes=5-9', 'if-range': '"e"' };
  assert.deepEqual(lines({ range: 'bytes=2-', 'if-none-match': '"x"', accept: '*/*' }, { part }).slice(2), [
    'accept: */*',
    'range: bytes=5-9',
    'if-range: "e"',
    ...OURS,
  ]);
});

test('only HEAD and GET are asked', () => {
  assert.match(lines({}, { method: 'HEAD' })[0] ?? '', /^HEAD /);
});

test('what a session asked for before is said by the router alone', () => {
  const before = 'g1/v720/000011.m4s';
  assert.deepEqual(lines({ 'x-session-before': 'g1/v240/000001.m4s' }).slice(2), OURS);
  assert.deepEqual(lines({}, { before }).slice(2), [`x-session-before: ${before}`, ...OURS]);
});
