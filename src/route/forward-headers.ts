import type { IncomingMessage } from 'node:http';
import { SESSION_BEFORE } from '../domain/playback-path.ts';
import { type TracePoint, traceparentOf } from '../lib/trace.ts';

/**
 * Only what an edge can use goes on: validators, ranges and what the player tells about itself (CTA-5004). Cookies
 * and credentials of other pages on this host stay here; hop-by-hop fields are none of these.
 */
const FORWARDED = [
  'accept',
  'accept-encoding',
  'cmcd-object',
  'cmcd-request',
  'cmcd-session',
  'cmcd-status',
  'if-none-match',
  'if-range',
  'origin',
  'range',
  'traceparent',
  'user-agent',
] as const;

/** Bounds what a chain of proxies, or somebody who pretends to be one, can make us pass on. */
const MAX_FORWARDED_FOR_LENGTH = 512;

/** The fields by which an interrupted answer is gone on with; they take the place of the client's own. */
export type Continuation = { readonly range: string; readonly 'if-range': string };

export type EdgeRequestParts = {
  /** 'whole': the body in any case, and all of it. */
  readonly part?: Continuation | 'whole' | undefined;
  /** What the session asked for before: SESSION_BEFORE. A client's own field of that name is not passed on. */
  readonly before?: string | undefined;
  /** Takes the place of the client's own. */
  readonly trace?: TracePoint | undefined;
};

/**
 * What an edge is sent for a client's request. node:http has refused line breaks and other control characters in the
 * target and in fields by now, so nothing of the client's can end a line here.
 */
export function requestText(
  request: IncomingMessage,
  edgeHost: string,
  { part, before, trace }: EdgeRequestParts = {},
): string {
  const method = part !== 'whole' && request.method === 'HEAD' ? 'HEAD' : 'GET';
  let text = `${method} ${request.url} HTTP/1.1\r\nHost: ${edgeHost}\r\n`;
  for (const name of FORWARDED) {
    const isOurs = (part && OF_CONTINUATION.has(name)) || (trace && name === 'traceparent');
    const value = isOurs ? undefined : request.headers[name];
    if (typeof value === 'string') text += `${name}: ${value}\r\n`;
  }
  if (trace) text += `traceparent: ${traceparentOf(trace)}\r\n`;
  if (typeof part === 'object') text += `range: ${part.range}\r\nif-range: ${part['if-range']}\r\n`;
  if (before !== undefined) text += `${SESSION_BEFORE}: ${before}\r\n`;
  if (request.headers.host) text += `x-forwarded-host: ${request.headers.host}\r\n`;
  const scheme = 'encrypted' in request.socket ? 'https' : 'http';
  return `${text}x-forwarded-for: ${forwardedFor(request)}\r\nx-forwarded-proto: ${scheme}\r\n\r\n`;
}

const OF_CONTINUATION: ReadonlySet<string> = new Set(['if-none-match', 'if-range', 'range']);

function forwardedFor(request: IncomingMessage): string {
  const peer = request.socket.remoteAddress ?? 'unknown';
  const before = request.headers['x-forwarded-for'];
  if (typeof before !== 'string' || before.length > MAX_FORWARDED_FOR_LENGTH) return peer;
  return `${before}, ${peer}`;
}
