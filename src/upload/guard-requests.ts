import type { FastifyReply, FastifyRequest } from 'fastify';
import { DomainError } from '../domain/errors.ts';
import { ANSWER_HEADERS } from '../lib/browser-headers.ts';
import { endUnread } from '../lib/end-unread.ts';
import { isFromForeignPage } from '../lib/foreign-page.ts';
import type { RateLimit } from '../lib/rate-limit.ts';

/** Probes must not be told to come later; the bytes of an upload are bounded by the places for transfers. */
const NOT_COUNTED = new Set(['/health', '/metrics', '/uploads/:id']);
/** This machine: its own commands, and proxies that nobody has made known. */
const LOOPBACK = /^(127\.|::1$|::ffff:127\.)/;

/**
 * What comes before every route: headers for browsers, no more requests of one address than it may send, and no changes
 * by pages of others.
 * @returns a hook that throws DomainError too_many_requests, foreign_page
 */
export function guardRequests(limit: RateLimit) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    reply.headers(ANSWER_HEADERS);
    const waitSeconds = isCounted(request) ? limit.take(request.ip) : 0;
    if (waitSeconds === 0 && !isFromForeignPage(request)) return;
    // A refused upload is not read to its end.
    reply.raw.once('finish', () => endUnread(request.raw));
    if (waitSeconds === 0) throw new DomainError('foreign_page');
    reply.header('retry-after', waitSeconds);
    throw new DomainError('too_many_requests');
  };
}

const isCounted = ({ ip, routeOptions }: FastifyRequest): boolean =>
  !LOOPBACK.test(ip) && !NOT_COUNTED.has(routeOptions.url ?? '');
