import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { type EventStreamOptions, type ServerEvent, sendEvents } from './event-stream.ts';

type Events = (signal: AbortSignal) => AsyncIterable<ServerEvent>;

/** A server that answers with these events; `ended` resolves when the stream is over on its side. */
async function serve(owned: AsyncDisposableStack, events: Events, options: Partial<EventStreamOptions> = {}) {
  const never = new AbortController().signal;
  const over = Promise.withResolvers<void>();
  const server = createServer((_, response) => {
    void sendEvents(response, events, { stopping: never, ...options }).then(over.resolve, over.reject);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  owned.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, over: over.promise };
}

async function* untilAborted(signal: AbortSignal): AsyncGenerator<ServerEvent> {
  yield { event: 'state', id: 7, data: { text: 'two\nlines' } };
  if (!signal.aborted) await once(signal, 'abort');
}

async function ask(url: string): Promise<IncomingMessage> {
  const [response] = (await once(request(url).end(), 'response')) as [IncomingMessage];
  return response;
}

test('events are written as the standard says, and the stream ends after the last', async () => {
  await using owned = new AsyncDisposableStack();
  const { url } = await serve(owned, async function* () {
    yield { event: 'state', id: 7, data: { text: 'two\nlines' } };
    yield { event: 'progress', data: 0.5 };
  });
  const answer = await fetch(url);
  assert.equal(answer.headers.get('content-type'), 'text/event-stream; charset=utf-8');
  assert.equal(answer.headers.get('cache-control'), 'no-store');
  assert.equal(
    await answer.text(),
    'retry: 1000\n\nid: 7\nevent: state\ndata: {"text":"two\\nlines"}\n\nevent: progress\ndata: 0.5\n\n',
  );
});

test('a quiet stream beats, so that nobody takes the connection for dead', async () => {
  await using owned = new AsyncDisposableStack();
  const { url } = await serve(owned, untilAborted, { beatMs: 10 });
  const response = await ask(url);
  let text = '';
  for await (const chunk of response) {
    text += chunk;
    if (text.split(': beat\n\n').length > 3) break;
  }
  response.destroy();
});

test('a client that leaves ends the events', async () => {
  await using owned = new AsyncDisposableStack();
  const { url, over } = await serve(owned, untilAborted);
  const response = await ask(url);
  await once(response, 'data');
  response.destroy();
  await over;
});

test('a server that stops ends the stream cleanly', async () => {
  await using owned = new AsyncDisposableStack();
  const stopping = new AbortController();
  const { url, over } = await serve(owned, untilAborted, { stopping: stopping.signal });
  const response = await ask(url);
  await once(response, 'data');
  const ended = once(response, 'end');
  response.resume();
  stopping.abort();
  await Promise.all([over, ended]);
});

test('a client that takes nothing is dropped, and is sent no more than fits the buffers', async () => {
  await using owned = new AsyncDisposableStack();
  let sent = 0;
  const { url, over } = await serve(
    owned,
    async function* () {
      for (;;) yield { event: 'state', id: ++sent, data: 'x'.repeat(64 * 1024) };
    },
    { drainMs: 50 },
  );
  const response = await ask(url);
  response.pause();
  await over;
  const MOST_BYTES = 64 * 1024 * 1024;
  assert.ok(sent * 64 * 1024 < MOST_BYTES, `${sent} events`);
  await new Promise((resolve) => response.on('error', resolve).resume());
  assert.equal(response.complete, false, 'a stream that was cut off must not look like one that ended');
});
