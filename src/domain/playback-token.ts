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
  /** Stands for the edge at which it began, so that any router finds it: four characters (route/pick-edge.ts). */
  readonly home?: string;
  /** Begun with a playback token (playback-grant.ts): it may play the video while that is private. */
  readonly isGranted?: true;
};

/**
 * The path segment that stands for a session: `{sessionId}.{expiry}.{home}.{signature}`, 51 characters, the expiry in
 * seconds and base 36, with a `p` behind the home of one that was
 * begun with a playback token, and the home left out where there is none. The video is signed but not repeated: it stands in the
 * same path. The session id stays readable, so that a line of any access log leads to the session. docs/decisions/0003-playback-sessions.md.
 */
export function playbackToken(session: PlaybackSession, sign: (text: string) => string): string {
  const expiry = Math.floor(session.expiresAtMs / 1000).toString(36);
  const extra = `${session.home ?? ''}${session.isGranted ? GRANTED : ''}`;
  const claim = `${session.sessionId}.${expiry}${extra && `.${extra}`}`;
  return `${claim}.${sign(signedText(session.videoId, claim))}`;
}

type TokenCheck = { readonly matches: (text: string, signature: string) => boolean; readonly nowMs: number };

/** @throws DomainError bad_session when the token was not made by us, is for another video, or has expired. */
export function readPlaybackToken(token: string, videoId: VideoId, { matches, nowMs }: TokenCheck): PlaybackSession {
  const [, claim = '', sessionId = '', expiry = '', home, granted, signature = ''] = TOKEN.exec(token) ?? [];
  if (!isSessionId(sessionId)) throw new DomainError('bad_session');
  if (!matches(signedText(videoId, claim), signature)) throw new DomainError('bad_session');
  const expiresAtMs = Number.parseInt(expiry, 36) * 1000;
  const extra = { ...(home && { home }), ...(granted && { isGranted: true as const }) };
  const session = { sessionId, videoId, expiresAtMs, ...extra };
  assertRunning(session, nowMs);
  return session;
}

/** @throws DomainError bad_session */
export function assertRunning(session: PlaybackSession, nowMs: number): void {
  if (nowMs >= session.expiresAtMs) throw new DomainError('bad_session', 'The playback session has expired.');
}

const GRANTED = 'p';
const TOKEN = /^(([0-9a-z]{16})\.([0-9a-z]{6,8})(?:\.(?!\.)([0-9a-z]{4})?(p)?)?)\.([A-Za-z0-9_-]{22})$/;

/** The purpose comes first, so that no other signed text of this secret can pass as a session. */
const signedText = (videoId: VideoId, claim: string): string => `playback-session:${videoId}:${claim}`;
