import type { IncomingMessage, ServerResponse } from 'node:http';
import type { LRUCache } from 'lru-cache';
import { type SessionId, shortIdFrom, type VideoId } from '../domain/ids.ts';
import type { LogEvent } from '../domain/log-events.ts';
import { PLAYBACK_PREFIX, type PlaybackPath } from '../domain/playback-path.ts';
import { type PlaybackSession, playbackToken, SESSION_MS } from '../domain/playback-token.ts';
import type { Clock } from '../domain/ports.ts';
import { CORS_HEADERS } from '../lib/cors.ts';
import type { Log } from '../lib/log.ts';
import type { TextSigner } from '../lib/sign-text.ts';
import { type Edge, homeTag } from './pick-edge.ts';

/** Enough for a short id: domain/ids.ts. */
const ID_BYTES = 10;

export type StartSessionDeps = {
  readonly signer: Pick<TextSigner, 'sign'>;
  readonly clock: Clock;
  readonly random: (bytes: number) => Uint8Array;
  readonly log: Log<LogEvent>;
  /** The edge at which a new session of the video should begin. */
  readonly pickHome: (videoId: VideoId) => Edge | undefined;
  /** The token that each client got last, by {@link clientKey}: for its stray requests. */
  readonly lastToken: LRUCache<string, string>;
};

/**
 * Begins a viewing: the player is sent to a path of its own, below which all other URLs are relative. A stray request
 * for an object is sent into the viewing that the same client began last.
 */
export function startSession(
  { videoId, file, isStray }: PlaybackPath & { asks: 'start' },
  request: IncomingMessage,
  response: ServerResponse,
  deps: StartSessionDeps,
): void {
  const client = clientKey(request, videoId);
  const token = (isStray ? deps.lastToken.get(client) : undefined) ?? newToken(videoId, file, deps);
  deps.lastToken.set(client, token);
  const location = `${PLAYBACK_PREFIX}${videoId}/${token}/${file}`;
  response.writeHead(302, ['Location', location, 'Cache-Control', 'no-store', 'Content-Length', '0', ...CORS_HEADERS]);
  response.end();
}

/** Without any edge it begins nowhere, and finds one by the hash of its video when there is one. */
function newToken(videoId: VideoId, file: string, deps: StartSessionDeps): string {
  const { signer, clock, random, log, pickHome } = deps;
  const sessionId = shortIdFrom(random(ID_BYTES)) as SessionId;
  const edge = pickHome(videoId)?.name;
  const home = edge === undefined ? {} : { home: homeTag(edge) };
  const session: PlaybackSession = { sessionId, videoId, expiresAtMs: clock.nowMs() + SESSION_MS, ...home };
  const expiresAt = new Date(session.expiresAtMs).toISOString();
  log.info('session_started', { sessionId, videoId, file, edge, expiresAt });
  return playbackToken(session, signer.sign);
}

/** Clients behind one address with one player share a session for their stray requests: it still plays. */
const clientKey = ({ socket, headers }: IncomingMessage, videoId: VideoId): string =>
  `${socket.remoteAddress} ${headers['user-agent']} ${videoId}`;
