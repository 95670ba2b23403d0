import { LRUCache } from 'lru-cache';
import type { SessionId } from '../domain/ids.ts';
import { isAudio, type PlaybackObject, playbackObject } from '../domain/object-keys.ts';
import type { PlaybackSession } from '../domain/playback-token.ts';
import type { Clock } from '../domain/ports.ts';

export type SessionPlaces = {
  /** The name of the edge that served the session last through this router. */
  edgeOf(sessionId: SessionId): string | undefined;
  note(sessionId: SessionId, edge: string): void;
  /** The segment of picture that it asked for last through this router, as a path below the session. */
  pictureOf(sessionId: SessionId): string | undefined;
  /** @param rest the path of whatever it asks for */
  noteAsked(session: PlaybackSession, rest: string): void;
  /** Sessions that asked for something lately, by edge. */
  countPlaying(): ReadonlyMap<string, number>;
};

type Place = { readonly edge: string; readonly atMs: number; picture: string | undefined };

/** At some 250 bytes each. The session's home, and then the hash, finds the edge of a forgotten one. */
const MAX_SESSIONS = 50_000;
/** A player with a full buffer of two segments asks again within this. */
const PLAYING_MS = 30_000;

/** Where the sessions of this router play. */
export function createSessionPlaces(clock: Clock): SessionPlaces {
  const places = new LRUCache<SessionId, Place>({ max: MAX_SESSIONS });
  return {
    edgeOf: (sessionId) => places.peek(sessionId)?.edge,
    note: (sessionId, edge) => {
      const picture = places.peek(sessionId)?.picture;
      places.set(sessionId, { edge, atMs: clock.nowMs(), picture });
    },
    pictureOf: (sessionId) => places.peek(sessionId)?.picture,
    noteAsked: ({ sessionId, videoId }, rest) => {
      const place = places.peek(sessionId);
      if (place && isPicture(playbackObject(videoId, rest))) place.picture = rest;
    },
    countPlaying: () => {
      const counts = new Map<string, number>();
      const sinceMs = clock.nowMs() - PLAYING_MS;
      // Noted last comes first.
      for (const { edge, atMs } of places.values()) {
        if (atMs < sinceMs) break;
        counts.set(edge, (counts.get(edge) ?? 0) + 1);
      }
      return counts;
    },
  };
}

const isPicture = (object: PlaybackObject | undefined): boolean =>
  object?.kind === 'segment' && !isAudio(object.rendition ?? '');
