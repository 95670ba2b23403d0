import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseAnswerHead } from './answer-head.ts';

const head = (...lines: string[]) => ['HTTP/1.1 200 OK', ...lines].join('\r\n');

test('what the edge says goes on, but for the fields that concern one connection', () => {
  const text = head('ETag: "e"', 'Content-Length: 4', 'Connection: keep-alive', 'Keep-Alive: timeout=5', 'X-Cache:hit');
  assert.deepEqual(parseAnswerHead(text, false), {
    status: 200,
    fields: ['ETag', '"e"', 'Content-Length', '4', 'X-Cache', 'hit'],
    bodyBytes: 4,
    etag: '"e"',
    contentRange: undefined,
    keepsAlive: true,
  });
});

test('answers without a body need no length', () => {
  assert.equal(parseAnswerHead('HTTP/1.1 304 Not Modified\r\nETag: "e"', false)?.bodyBytes, 0);
  assert.equal(parseAnswerHead('HTTP/1.1 204 No Content', false)?.bodyBytes, 0);
  assert.equal(parseAnswerHead(head('Content-Length: 70'), true)?.bodyBytes, 0);
});

test('a body that is not framed by one plain length is refused', () => {
  const refused = [
    head(),
    head('Content-Length: 4', 'Content-Length: 5'),
    head('Content-Length: 4', 'Transfer-Encoding: chunked'),
    head('Content-Length: -4'),
    head('Content-Length: 4, 4'),
    head('Content-Length: 0x4'),
    head('no colon'),
    head('Content-Length: 4', 'X: a\nb'),
    head('Content-Length: 4', 'X y: a'),
    head(': no name', 'Content-Length: 4'),
    'HTTP/1.1 100 Continue\r\nContent-Length: 0',
    'HTTP/1.0 200 OK\r\nContent-Length: 0',
    'SSH-2.0-x',
    '',
  ];
  for (const text of refused) assert.equal(parseAnswerHead(text, false), undefined, JSON.stringify(text));
});

test('an edge that closes the connection says so', () => {
  assert.equal(parseAnswerHead(head('Content-Length: 0', 'connection: Close'), false)?.keepsAlive, false);
});

test('no text makes the parser fail, and a length that it accepts is one', () => {
  const line = fc.oneof(fc.string(), fc.constantFrom('Content-Length: 12', 'ETag: "e"', 'Connection: close'));
  fc.assert(
    fc.property(fc.array(line, { maxLength: 5 }), (lines) => {
      const parsed = parseAnswerHead(head(...lines), false);
      if (parsed) assert.ok(Number.isSafeInteger(parsed.bodyBytes) && parsed.bodyBytes >= 0);
    }),
  );
});
