import type { FastifyReply, FastifyRequest } from 'fastify';
import { DomainError } from '../domain/errors.ts';
import { endUnread } from '../lib/end-unread.ts';
import { type KeyRing, mayReach } from './key-ring.ts';
import { scopeOf } from './scope-of.ts';

/** A browser asks its user for the key as a password, keeps it, and sends it along with event streams and links, too. */
const CHALLENGE = 'Basic realm="Millrace: any name, an API key as password", charset="UTF-8"';

/** Whether a request carries a key of whatever scope; every request does where none is needed. */
export type HasKey = (request: Pick<FastifyRequest, 'headers'>) => boolean;

export const createHasKey =
  (ring: KeyRing): HasKey =>
  ({ headers }) =>
    ring.scopeOf(headers.authorization) !== undefined;

/**
 * Lets requests pass that carry a key which reaches far enough.
 * @returns a hook that throws DomainError unauthorized, scope_needed
 */
export function requireKey(ring: KeyRing) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    if (!ring.isRequired) return;
    const needed = scopeOf(request.method, request.routeOptions.url ?? '');
    if (needed === undefined) return;
    const has = ring.scopeOf(request.headers.authorization);
    if (mayReach(has, needed) && !isForged(request)) return;
    // A refused upload is not read to its end.
    reply.raw.once('finish', () => endUnread(request.raw));
    if (mayReach(has, needed))
      throw new DomainError('unauthorized', 'Pages of other origins may not act with a kept password.');
    if (has) throw new DomainError('scope_needed', `This takes a key of scope ${needed}; this one has ${has}.`);
    reply.header('www-authenticate', CHALLENGE);
    throw new DomainError('unauthorized');
  };
}

/** A password is sent along by the browser itself, whoever wrote the page: then the page must be one of ours. */
function isForged({ method, headers }: FastifyRequest): boolean {
  const { authorization = '', origin, host } = headers;
  if (!/^Basic/i.test(authorization) || method === 'GET' || method === 'HEAD' || origin === undefined) return false;
  return URL.parse(origin)?.host !== host;
}
