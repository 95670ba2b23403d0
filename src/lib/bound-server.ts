import type { Server } from 'node:http';
import { refuseMalformed } from './refuse-malformed.ts';

/** A request line and its headers are one packet or two; who needs longer is holding a socket on purpose. */
const HEADERS_DEADLINE_MS = 10_000;
const REQUEST_DEADLINE_MS = 15_000;
/** Longer than the pause between two segments of a playing session, so that connections are reused. */
const KEEP_ALIVE_MS = 30_000;
/** A client that takes no byte for this long is gone, or reads too slowly to play anything. */
const SOCKET_IDLE_MS = 60_000;

/** Puts a deadline on everything that a client of a read-only server can keep us waiting for. */
export function boundServer(server: Server): Server {
  server.headersTimeout = HEADERS_DEADLINE_MS;
  server.requestTimeout = REQUEST_DEADLINE_MS;
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.timeout = SOCKET_IDLE_MS;
  return refuseMalformed(server);
}
