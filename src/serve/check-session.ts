import { LRUCache } from 'lru-cache';
import type { VideoId } from '../domain/ids.ts';
import { assertRunning, type PlaybackSession, readPlaybackToken } from '../domain/playback-token.ts';
import type { Clock } from '../domain/ports.ts';
import type { TextSigner } from '../lib/sign-text.ts';

/** @throws DomainError bad_session */
export type CheckSession = (token: string, videoId: VideoId) => PlaybackSession;

type Deps = { readonly signer: Pick<TextSigner, 'matches'>; readonly clock: Clock };

/** Sessions that one edge sees at a time; about 200 bytes each. */
const MAX_SESSIONS = 20_000;

/**
 * A session sends a request every second or so, always with the same token: its signature is computed once. Only
 * good tokens are remembered, so that guesses cannot push out the sessions that play.
 */
export function createSessionCheck({ signer, clock }: Deps): CheckSession {
  const known = new LRUCache<string, PlaybackSession>({ max: MAX_SESSIONS });
  return (token, videoId) => {
    const name = `${videoId}/${token}`;
    const seen = known.get(name);
    if (seen) {
      assertRunning(seen, clock.nowMs());
      return seen;
    }
    const session = readPlaybackToken(token, videoId, { matches: signer.matches, nowMs: clock.nowMs() });
    known.set(name, session);
    return session;
  };
}
