import type { ServerResponse } from 'node:http';
import { type SessionId, shortIdFrom } from '../domain/ids.ts';
import type { LogEvent } from '../domain/log-events.ts';
import { PLAYBACK_PREFIX, type PlaybackPath } from '../domain/playback-path.ts';
import { type PlaybackSession, playbackToken } from '../domain/playback-token.ts';
import type { Clock } from '../domain/ports.ts';
import { CORS_HEADERS } from '../lib/cors.ts';
import type { Log } from '../lib/log.ts';
import type { TextSigner } from '../lib/sign-text.ts';

/**
 * A viewing with pauses may last an evening and a morning. Afterwards the player must start anew, and objects of
 * an older generation have no session left that could ask for them.
 */
const SESSION_MS = 24 * 60 * 60 * 1000;
/** Enough for a short id: domain/ids.ts. */
const ID_BYTES = 10;

export type StartSessionDeps = {
  readonly signer: Pick<TextSigner, 'sign'>;
  readonly clock: Clock;
  readonly random: (bytes: number) => Uint8Array;
  readonly log: Log<LogEvent>;
};

/** Begins a viewing: the player is sent to a path of its own, below which all other URLs are relative. */
export function startSession(
  { videoId, file }: PlaybackPath & { asks: 'start' },
  response: ServerResponse,
  { signer, clock, random, log }: StartSessionDeps,
): void {
  const sessionId = shortIdFrom(random(ID_BYTES)) as SessionId;
  const session: PlaybackSession = { sessionId, videoId, expiresAtMs: clock.nowMs() + SESSION_MS };
  const location = `${PLAYBACK_PREFIX}${videoId}/${playbackToken(session, signer.sign)}/${file}`;
  log.info('session_started', { sessionId, videoId, file, expiresAt: new Date(session.expiresAtMs).toISOString() });
  response.writeHead(302, ['Location', location, 'Cache-Control', 'no-store', 'Content-Length', '0', ...CORS_HEADERS]);
  response.end();
}
