import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { Agent, type Dispatcher } from 'undici';
import type { EdgeFailure } from './edge-health.ts';
import { requestHeaders, responseHeaders } from './forward-headers.ts';

export type EdgeAnswer = Dispatcher.ResponseData;
export type Asked = { readonly answer: EdgeAnswer } | { readonly failure: EdgeFailure; readonly cause: unknown };

/** Edges are near: who does not accept a connection within this time does not answer either. */
const CONNECT_DEADLINE_MS = 1000;
/** An edge writes from memory; a body that stands still for this long (within half a second) stands still for ever. */
const BODY_IDLE_MS = 3000;
/** One connection for each response under way; a slow client holds one for long, so this is a bound, not a tuning. */
const MAX_CONNECTIONS_PER_EDGE = 4096;
/** Below the edges' own keep-alive, so that a connection is not reused in the moment that it is closed. */
const KEEP_ALIVE_MS = 20_000;

/** Connections to all edges. The caller destroys it. */
export const createEdgeAgent = (): Agent =>
  new Agent({
    connect: { timeout: CONNECT_DEADLINE_MS },
    connections: MAX_CONNECTIONS_PER_EDGE,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
    // The first byte has a deadline of its own, in askEdge.
    headersTimeout: 0,
    bodyTimeout: BODY_IDLE_MS,
    allowH2: false,
  });

/** Whether the client left before its response was complete, and what to do then. */
export type Departure = { readonly hasLeft: boolean; onLeave: (() => void) | undefined };

/** Only a client that leaves early is one: the connection to the edge is kept after a response that was complete. */
export function watchDeparture(response: ServerResponse): Departure {
  const departure = { hasLeft: false, onLeave: undefined as (() => void) | undefined };
  response.once('close', () => {
    if (response.writableFinished) return;
    departure.hasLeft = true;
    departure.onLeave?.();
  });
  return departure;
}

type AskOptions = { readonly agent: Agent; readonly deadlineMs: number; readonly departure: Departure };

/** Asks one edge for what the client asked us. Failing is an answer: another edge is asked next. */
export async function askEdge(edge: string, request: IncomingMessage, options: AskOptions): Promise<Asked> {
  const { agent, deadlineMs, departure } = options;
  const giveUp = new AbortController();
  departure.onLeave = () => giveUp.abort();
  let isLate = false;
  const clearDeadline = startDeadline(deadlineMs, () => {
    isLate = true;
    giveUp.abort();
  });
  try {
    const answer = await agent.request({
      origin: edge,
      path: request.url ?? '/',
      method: request.method === 'HEAD' ? 'HEAD' : 'GET',
      headers: requestHeaders(request),
      signal: giveUp.signal,
    });
    return { answer };
  } catch (cause) {
    return { failure: isLate ? 'timeout' : failureOf(cause), cause };
  } finally {
    clearDeadline();
  }
}

export type Relayed =
  | { readonly end: 'complete' | 'client_left' }
  | { readonly end: 'edge_broke'; readonly cause: unknown };

/**
 * Passes the answer on. A body that breaks off destroys the client's connection: with its length announced, or its
 * last chunk missing, nobody can take what arrived for the whole.
 */
export async function relayAnswer(
  { statusCode, headers, body }: EdgeAnswer,
  response: ServerResponse,
  departure: Departure,
): Promise<Relayed> {
  let edgeBroke = false;
  // Either side's end fails both streams. Whose it was shows now: a client that leaves is gone before the body fails.
  body.once('error', () => {
    edgeBroke = !departure.hasLeft;
  });
  try {
    response.writeHead(statusCode, responseHeaders(headers));
    await pipeline(body, response);
    return { end: 'complete' };
  } catch (cause) {
    return edgeBroke ? { end: 'edge_broke', cause } : { end: 'client_left' };
  }
}

/**
 * Calls after the deadline, and two turns of the event loop later: when this process itself was held up, the timer
 * comes due before the answer that already lies in the socket has been read, and the edge must not pay for that.
 */
function startDeadline(deadlineMs: number, onLate: () => void): () => void {
  let last: NodeJS.Immediate | undefined;
  const timer = setTimeout(() => {
    last = setImmediate(() => {
      last = setImmediate(onLate);
    });
  }, deadlineMs);
  return () => {
    clearTimeout(timer);
    clearImmediate(last);
  };
}

const UNREACHABLE: ReadonlySet<unknown> = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND']);

export function failureOf(cause: unknown): EdgeFailure {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (UNREACHABLE.has(code)) return 'unreachable';
  return code === 'UND_ERR_CONNECT_TIMEOUT' ? 'timeout' : 'reset';
}
