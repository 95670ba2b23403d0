import type { ServerResponse } from 'node:http';

/** One message of a stream of server-sent events. */
export type ServerEvent = { readonly event: string; readonly id?: number; readonly data: unknown };

export type EventStreamOptions = {
  /** The server stops, and the stream with it. */
  readonly stopping: AbortSignal;
  readonly beatMs?: number;
  readonly drainMs?: number;
};

/** A client, or a proxy in between, that hears nothing for this long may take the connection for dead. */
const BEAT_MS = 10_000;
/** A client that takes nothing for this long is dropped; it comes back with its Last-Event-ID. */
const DRAIN_MS = 10_000;
/** When a browser comes back after a break. */
const RETRY_MS = 1_000;

const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  // nginx would collect what must arrive at once.
  'x-accel-buffering': 'no',
};

/**
 * Answers with server-sent events until there are no more, the client leaves, or the server stops. The events come no
 * faster than the client takes them.
 * @param events is told by the signal that nobody listens any more.
 */
export async function sendEvents(
  response: ServerResponse,
  events: (signal: AbortSignal) => AsyncIterable<ServerEvent>,
  { stopping, beatMs = BEAT_MS, drainMs = DRAIN_MS }: EventStreamOptions,
): Promise<void> {
  const leaving = new AbortController();
  response.once('close', () => leaving.abort());
  const signal = AbortSignal.any([leaving.signal, stopping]);
  response.writeHead(200, HEADERS).write(`retry: ${RETRY_MS}\n\n`);
  const beat = setInterval(() => {
    if (!response.writableNeedDrain) response.write(': beat\n\n');
  }, beatMs);
  try {
    for await (const event of events(signal)) {
      if (signal.aborted) break;
      if (!response.write(textOf(event)) && !(await isDrained(response, drainMs, signal))) break;
    }
  } finally {
    clearInterval(beat);
    // What a client does not take is not waited for.
    if (response.writableNeedDrain) response.destroy();
    else response.end();
  }
}

/** JSON holds no line breaks, so every message is three lines. */
function textOf({ event, id, data }: ServerEvent): string {
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** False when the client takes nothing in time, or is gone. */
function isDrained(response: ServerResponse, drainMs: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (drained: boolean): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      response.off('drain', onDrain);
      resolve(drained);
    };
    const onAbort = (): void => settle(false);
    const onDrain = (): void => settle(true);
    const timer = setTimeout(() => settle(false), drainMs);
    signal.addEventListener('abort', onAbort, { once: true });
    response.once('drain', onDrain);
    if (signal.aborted) settle(false);
  });
}
