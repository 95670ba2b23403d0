import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { listening } from '../../test/fakes/listening.ts';
import { refuseMalformed } from './refuse-malformed.ts';

async function say(lines: string): Promise<{ head: string; body: string }> {
  await using server = await listening(refuseMalformed(createServer((_, response) => response.end('fine'))));
  const socket = connect(server.port, '127.0.0.1');
  socket.write(lines);
  const [head = '', body = ''] = (await text(socket)).split('\r\n\r\n');
  return { head, body };
}

test('what is no request is answered with problem details, and the connection ends', async () => {
  const long = `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`;
  for (const [lines, status] of [
    ['nonsense\r\n\r\n', 400],
    ['GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n', 400],
    ['GET / HTTP/1.1\r\nHost: a\r\nbad header\r\n\r\n', 400],
    [long, 431],
  ] as const) {
    const { head, body } = await say(lines);
    assert.match(head, new RegExp(`^HTTP/1.1 ${status} `), lines.slice(0, 60));
    assert.match(head, /Content-Type: application\/problem\+json/);
    const problem = JSON.parse(body) as Record<string, unknown>;
    assert.deepEqual([problem.status, problem.code], [status, 'bad_request']);
  }
});

test('a request that is one is answered by its handler', async () => {
  const { head, body } = await say('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  assert.match(head, /^HTTP\/1.1 200 /);
  assert.match(body, /fine/);
});
