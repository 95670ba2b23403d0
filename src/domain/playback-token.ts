import { DomainError } from './errors.ts';
import { isSessionId, type SessionId, type VideoId } from './ids.ts';

/**
 * A viewing with pauses may last an evening and a morning. Afterwards the player must start anew, and objects of
 * an older generation have no session left that could ask for them.
 */
export const SESSION_MS = 24 * 60 * 60 * 1000;

/** One viewing of one video by one player; ends by its expiry at the latest. */
export type PlaybackSession = {
  readonly sessionId: SessionId;
  readonly videoId: VideoId;
  readonly expiresAtMs: number;
};

/**
 * The path segment that stands for a session: `{sessionId}.{expiry}.{signature}`, 46 characters, the expiry in
 * seconds and base 36. The video is signed but not repeated: it stands in the same path. The session id stays
 * readable, so that a line of any access log leads to the session. docs/decisions/0003-playback-sessions.md.
 */
export function playbackToken(session: PlaybackSession, sign: (text: string) => string): string {
  const claim = `${session.sessionId}.${Math.floor(session.expiresAtMs / 1000).toString(36)}`;
  return `${claim}.${sign(signedText(session.videoId, claim))}`;
}

type TokenCheck = { readonly matches: (text: string, signature: string) => boolean; readonly nowMs: number };

/** @throws DomainError bad_session when the token was not made by us, is for another video, or has expired. */
export function readPlaybackToken(token: string, videoId: VideoId, { matches, nowMs }: TokenCheck): PlaybackSession {
  const [, sessionId = '', expiry = '', signature = ''] = TOKEN.exec(token) ?? [];
  if (!isSessionId(sessionId)) throw new DomainError('bad_session');
  if (!matches(signedText(videoId, `${sessionId}.${expiry}`), signature)) throw new DomainError('bad_session');
  const session = { sessionId, videoId, expiresAtMs: Number.parseInt(expiry, 36) * 1000 };
  assertRunning(session, nowMs);
  return session;
}

/** @throws DomainError bad_session */
export function assertRunning(session: PlaybackSession, nowMs: number): void {
  if (nowMs >= session.expiresAtMs) throw new DomainError('bad_session', 'The playback session has expired.');
}

const TOKEN = /^([0-9a-z]{16})\.([0-9a-z]{6,8})\.([A-Za-z0-9_-]{22})$/;

/** The purpose comes first, so that no other signed text of this secret can pass as a session. */
const signedText = (videoId: VideoId, claim: string): string => `playback-session:${videoId}:${claim}`;
