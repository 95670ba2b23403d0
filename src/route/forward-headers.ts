import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

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

export function requestHeaders(request: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const name of FORWARDED) {
    const value = request.headers[name];
    if (typeof value === 'string') headers[name] = value;
  }
  const isEncrypted = 'encrypted' in request.socket;
  headers['x-forwarded-for'] = forwardedFor(request);
  headers['x-forwarded-proto'] = isEncrypted ? 'https' : 'http';
  if (request.headers.host) headers['x-forwarded-host'] = request.headers.host;
  return headers;
}

function forwardedFor(request: IncomingMessage): string {
  const peer = request.socket.remoteAddress ?? 'unknown';
  const before = request.headers['x-forwarded-for'];
  if (typeof before !== 'string' || before.length > MAX_FORWARDED_FOR_LENGTH) return peer;
  return `${before}, ${peer}`;
}

/** RFC 9110, section 7.6.1: these concern one connection only. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** What the edge said, without the fields that were meant for us alone; flat name-value pairs. */
export function responseHeaders(headers: IncomingHttpHeaders): string[] {
  const named = String(headers.connection ?? '').toLowerCase();
  const nominated = new Set(named.split(',').map((name) => name.trim()));
  const flat: string[] = [];
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || HOP_BY_HOP.has(name) || nominated.has(name)) continue;
    for (const one of Array.isArray(value) ? value : [value]) flat.push(name, one);
  }
  return flat;
}
