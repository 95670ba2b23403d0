import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DomainError } from '../domain/errors.ts';
import { endUnread } from '../lib/end-unread.ts';

/** What a viewer with the address of a video needs, and what probes ask for. Ids cannot be guessed; of private videos: show-video.ts. */
const OPEN_TO_READ = new Set(['/health', '/metrics', '/watch/:id', '/embed/:id', '/videos/:id', '/videos/:id/events']);
/** The built pages; they hold no data. */
const ASSETS = '/assets/';

/** A browser asks its user for the key as a password, keeps it, and sends it along with event streams and links, too. */
const CHALLENGE = 'Basic realm="Millrace: any name, an API key as password", charset="UTF-8"';

/** Whether a request carries one of the keys, as bearer token or as password of HTTP Basic; any does where there are none. */
export type HasKey = (request: Pick<FastifyRequest, 'headers'>) => boolean;

export function createHasKey(keys: readonly string[] | undefined): HasKey {
  const digests = keys?.map(digestOf);
  return ({ headers }) => !digests || isOneOf(digests, digestOf(keyIn(headers.authorization ?? '')));
}

/**
 * Lets requests pass that carry one of the keys.
 * @returns a hook that throws DomainError unauthorized
 */
export function requireKey(hasKey: HasKey) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    if (isOpen(request)) return;
    const isKnown = hasKey(request);
    if (isKnown && !isForged(request)) return;
    // A refused upload is not read to its end.
    reply.raw.once('finish', () => endUnread(request.raw));
    if (isKnown) throw new DomainError('unauthorized', 'Pages of other origins may not act with a kept password.');
    reply.header('www-authenticate', CHALLENGE);
    throw new DomainError('unauthorized');
  };
}

function isOpen({ method, routeOptions }: FastifyRequest): boolean {
  // A preflight never carries a key, and changes nothing.
  if (method === 'OPTIONS') return true;
  if (method !== 'GET' && method !== 'HEAD') return false;
  const route = routeOptions.url ?? '';
  return OPEN_TO_READ.has(route) || route.startsWith(ASSETS);
}

function keyIn(authorization: string): string {
  const [, scheme = '', value = ''] = /^(Bearer|Basic) +(\S+)$/i.exec(authorization) ?? [];
  if (scheme.toLowerCase() !== 'basic') return value;
  return Buffer.from(value, 'base64')
    .toString('utf8')
    .replace(/^[^:]*:/, '');
}

/** A password is sent along by the browser itself, whoever wrote the page: then the page must be one of ours. */
function isForged({ method, headers }: FastifyRequest): boolean {
  const { authorization = '', origin, host } = headers;
  if (!/^Basic/i.test(authorization) || method === 'GET' || method === 'HEAD' || origin === undefined) return false;
  return URL.parse(origin)?.host !== host;
}

const digestOf = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Looks at every key, and at all of it, however early it differs. */
const isOneOf = (digests: readonly Buffer[], given: Buffer): boolean =>
  digests.filter((digest) => timingSafeEqual(digest, given)).length > 0;
