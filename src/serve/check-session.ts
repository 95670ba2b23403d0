import { LRUCache } from 'lru-cache';
import type { VideoId } from '../domain/ids.ts';
import { assertRunning, type PlaybackSession, readPlaybackToken } from '../domain/playback-token.ts';
import type { Clock } from '../domain/ports.ts';
import type { TextSigner } from '../lib/sign-text.ts';

/** @throws DomainError bad_session */
export type CheckSession = (token: string, videoId: VideoId) => PlaybackSession;
export type SessionCheck = {
  readonly check: CheckSession;
  /** Sessions that asked for something lately. */
  countPlaying(): number;
};

type Deps = { readonly signer: Pick<TextSigner, 'matches'>; readonly clock: Clock };

/** Sessions that one edge sees at a time; about 200 bytes each. */
const MAX_SESSIONS = 20_000;
/** A player with a full buffer of two segments asks again within this. */
const PLAYING_MS = 30_000;

/**
 * A session sends a request every second or so, always with the same token: its signature is computed once. Only
 * good tokens are remembered, so that guesses cannot push out the sessions that play.
 */
export function createSessionCheck({ signer, clock }: Deps): SessionCheck {
  const known = new LRUCache<string, { readonly session: PlaybackSession; atMs: number }>({ max: MAX_SESSIONS });
  return { check, countPlaying };

  function check(token: string, videoId: VideoId): PlaybackSession {
    const name = `${videoId}/${token}`;
    const nowMs = clock.nowMs();
    const seen = known.get(name);
    if (seen) {
      assertRunning(seen.session, nowMs);
      seen.atMs = nowMs;
      return seen.session;
    }
    const session = readPlaybackToken(token, videoId, { matches: signer.matches, nowMs });
    known.set(name, { session, atMs: nowMs });
    return session;
  }

  function countPlaying(): number {
    const sinceMs = clock.nowMs() - PLAYING_MS;
    let count = 0;
    // Used last comes first.
    for (const { atMs } of known.values()) {
      if (atMs < sinceMs) break;
      count++;
    }
    return count;
  }
}
