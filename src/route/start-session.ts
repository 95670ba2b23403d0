import type { IncomingMessage, ServerResponse } from 'node:http';
import type { LRUCache } from 'lru-cache';
import { type SessionId, shortIdFrom, type VideoId } from '../domain/ids.ts';
import type { LogEvent } from '../domain/log-events.ts';
import { readPlaybackGrant } from '../domain/playback-grant.ts';
import { PLAYBACK_PREFIX, type PlaybackPath } from '../domain/playback-path.ts';
import { type PlaybackSession, playbackToken, SESSION_MS } from '../domain/playback-token.ts';
import type { Clock } from '../domain/ports.ts';
import { CORS_HEADERS } from '../lib/cors.ts';
import type { Log } from '../lib/log.ts';
import type { TextSigner } from '../lib/sign-text.ts';
import { type Home, homeTag } from './pick-edge.ts';

/** Enough for a short id: domain/ids.ts. */
const ID_BYTES = 10;

export type StartSessionDeps = {
  readonly signer: TextSigner;
  readonly clock: Clock;
  readonly random: (bytes: number) => Uint8Array;
  readonly log: Log<LogEvent>;
  /** The edge at which a new session of the video should begin. */
  readonly pickHome: (videoId: VideoId) => Home | undefined;
  /** The token that each client got last, by {@link clientKey}: for its stray requests. */
  readonly lastToken: LRUCache<string, string>;
};

/**
 * Begins a viewing: the player is sent to a path of its own, below which all other URLs are relative. A stray request
 * for an object is sent into the viewing that the same client began last.
 * @throws DomainError playback_denied
 */
export function startSession(
  { videoId, file, isStray }: PlaybackPath & { asks: 'start' },
  request: IncomingMessage,
  response: ServerResponse,
  deps: StartSessionDeps,
): void {
  const client = clientKey(request, videoId);
  const grant = grantIn(request);
  const last = isStray && grant === undefined ? deps.lastToken.get(client) : undefined;
  const token = last ?? newToken({ videoId, file, grant }, deps);
  // Others behind the same address must not slip into a session that took a playback token.
  if (grant === undefined) deps.lastToken.set(client, token);
  const location = `${PLAYBACK_PREFIX}${videoId}/${token}/${file}`;
  response.writeHead(302, ['Location', location, 'Cache-Control', 'no-store', 'Content-Length', '0', ...CORS_HEADERS]);
  response.end();
}

type Wanted = { readonly videoId: VideoId; readonly file: string; readonly grant: string | undefined };

const grantIn = ({ url = '' }: IncomingMessage): string | undefined =>
  url.includes('token=') ? (new URL(url, 'http://router').searchParams.get('token') ?? undefined) : undefined;

/** Without any edge it begins nowhere, and finds one by the hash of its video when there is one. */
function newToken({ videoId, file, grant }: Wanted, deps: StartSessionDeps): string {
  const { signer, clock, random, log, pickHome } = deps;
  const sessionId = shortIdFrom(random(ID_BYTES)) as SessionId;
  const { name: edge, choice } = pickHome(videoId) ?? {};
  const home = edge === undefined ? {} : { home: homeTag(edge) };
  const nowMs = clock.nowMs();
  const grantedToMs = grant === undefined ? undefined : readPlaybackGrant(grant, videoId, { ...signer, nowMs });
  const expiresAtMs = Math.min(nowMs + SESSION_MS, grantedToMs ?? Infinity);
  const granted = grantedToMs === undefined ? {} : { isGranted: true as const };
  const session: PlaybackSession = { sessionId, videoId, expiresAtMs, ...home, ...granted };
  const expiresAt = new Date(session.expiresAtMs).toISOString();
  log.info('session_started', { sessionId, videoId, file, edge, choice, expiresAt, ...granted });
  return playbackToken(session, signer.sign);
}

/** Clients behind one address with one player share a session for their stray requests: it still plays. */
const clientKey = ({ socket, headers }: IncomingMessage, videoId: VideoId): string =>
  `${socket.remoteAddress} ${headers['user-agent']} ${videoId}`;
