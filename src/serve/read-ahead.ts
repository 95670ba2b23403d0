import { LRUCache } from 'lru-cache';
import type { LogEvent } from '../domain/log-events.ts';
import type { PlaybackObject } from '../domain/object-keys.ts';
import type { PlaybackSession } from '../domain/playback-token.ts';
import type { Clock } from '../domain/ports.ts';
import type { Log } from '../lib/log.ts';
import type { TracePoint } from '../lib/trace.ts';
import { followSession, type Places, switchBetween } from './follow-session.ts';
import type { LoadedObject, Loader } from './load-object.ts';
import { folderOf, planAhead, playlistBeside } from './plan-ahead.ts';
import type { SegmentCache } from './segment-cache.ts';

/** Why something that a session will want is not fetched ahead for it. */
type Obstacle = 'too_many' | 'too_many_bytes' | 'too_many_for_session' | 'busy' | 'store_down';
export type AheadOutcome = 'fetched' | 'missing' | 'failed' | 'dropped';

export type Answered = {
  readonly session: PlaybackSession;
  readonly asked: PlaybackObject;
  readonly sizeBytes: number;
  /** What the player says it will ask for next. */
  readonly named: readonly PlaybackObject[];
  /** What it asked for before of another edge; what this edge knows of it is older. */
  readonly before?: PlaybackObject | undefined;
  /** Of the request that it is read ahead for. */
  readonly trace?: TracePoint | undefined;
};
/** Call it when the answer is on its way: what comes next must not be in its way. */
export type ReadAhead = (answered: Answered) => void;

type Deps = {
  readonly loader: Pick<Loader, 'ahead' | 'readsUnderWay'>;
  readonly cache: Pick<SegmentCache, 'peek' | 'refresh'>;
  readonly clock: Clock;
  readonly log: Log<LogEvent>;
  readonly isStoreUp: () => boolean;
  readonly onOutcome: (outcome: AheadOutcome) => void;
  /** Expected bytes of all that is being fetched ahead. */
  readonly maxBytes: number;
};

/** About 300 bytes each; a session that was forgotten is one that begins again. */
const MAX_SESSIONS = 20_000;
const MAX_UNDER_WAY = 32;
/** Its own next ones, as deep as it may be, and the two of a switch. */
const MAX_UNDER_WAY_PER_SESSION = 6;
/** So many reads that somebody waits for say that the store has no time for others. */
const BUSY_READS = 32;
/** Of a segment of which no sibling was seen; 4 s at 2 Mbit/s. */
const UNKNOWN_SEGMENT_BYTES = 1_000_000;
const INIT_BYTES = 2000;
/** Where no playlist tells the end now, what was found missing does, for a while: it may still be growing. */
const END_KNOWN_FOR_MS = 5000;
const MAX_ENDS = 10_000;

/** When it asked for that is not known, so that nobody takes it for one that reads fast. */
const AT_ANY_TIME = Number.NEGATIVE_INFINITY;

type Following = { places: Places; underWay: number };

/** Follows each session, and fetches in the background what it will ask for next. */
export function createReadAhead(deps: Deps): ReadAhead {
  const { clock, log } = deps;
  const sessions = new LRUCache<string, Following>({ max: MAX_SESSIONS });
  const fetchAhead = createFetchAhead(deps);
  return ({ session, asked, sizeBytes, named, before: elsewhere, trace }) => {
    const { sessionId, videoId } = session;
    const following = sessions.get(sessionId) ?? { places: {}, underWay: 0 };
    const before = elsewhere ? followSession(following.places, elsewhere, AT_ANY_TIME) : following.places;
    following.places = followSession(before, asked, clock.nowMs());
    sessions.set(sessionId, following);
    const change = switchBetween(before, following.places);
    if (change) log.info('rendition_switched', { sessionId, videoId, ...change });
    const segmentBytes = asked.kind === 'segment' ? sizeBytes : UNKNOWN_SEGMENT_BYTES;
    for (const ahead of planAhead(asked, following.places, named)) {
      const { rendition, segment, kind } = ahead.wanted;
      const expectedBytes = kind === 'segment' ? segmentBytes : INIT_BYTES;
      const line = { sessionId, videoId, kind, rendition, segment, reason: ahead.reason };
      fetchAhead(ahead.wanted, { following, expectedBytes, line, trace });
    }
  };
}

type Errand = {
  readonly following: Following;
  readonly expectedBytes: number;
  readonly line: Line;
  readonly trace: TracePoint | undefined;
};
/** What all lines about it say. */
type Line = Pick<PlaybackSession, 'sessionId' | 'videoId'> &
  Pick<PlaybackObject, 'kind'> & {
    readonly rendition: string | undefined;
    readonly segment: number | undefined;
    readonly reason: string;
  };

function createFetchAhead({ loader, cache, clock, log, isStoreUp, onOutcome, maxBytes }: Deps) {
  const ends = new LRUCache<string, { readonly segment: number; readonly untilMs: number }>({ max: MAX_ENDS });
  let underWay = 0;
  let bytesUnderWay = 0;

  return (wanted: PlaybackObject, { following, expectedBytes, line, trace }: Errand): void => {
    cache.refresh(wanted.key);
    if (cache.peek(wanted.key) || isPastEnd(wanted)) return;
    const obstacle = obstacleTo(following, expectedBytes);
    if (obstacle) {
      onOutcome('dropped');
      log.info('prefetch_dropped', { ...line, obstacle });
      return;
    }
    const startedMs = clock.nowMs();
    const loading = loader.ahead(wanted, trace);
    if (!loading) return;
    const arrived = ({ object, tier }: LoadedObject): void => {
      onOutcome(object ? 'fetched' : 'missing');
      if (!object) noteEnd(wanted);
      const durationMs = clock.nowMs() - startedMs;
      if (object) log.info('segment_prefetched', { ...line, bytes: object.bytes.length, tier, durationMs, trace });
    };
    const failed = (err: unknown): void => {
      onOutcome('failed');
      log.warn('prefetch_dropped', { ...line, obstacle: 'failed', err });
    };
    count(following, 1, expectedBytes);
    void loading.then(arrived, failed).finally(() => count(following, -1, -expectedBytes));
  };

  function obstacleTo(following: Following, expectedBytes: number): Obstacle | undefined {
    if (!isStoreUp()) return 'store_down';
    if (loader.readsUnderWay - underWay >= BUSY_READS) return 'busy';
    if (following.underWay >= MAX_UNDER_WAY_PER_SESSION) return 'too_many_for_session';
    if (underWay >= MAX_UNDER_WAY) return 'too_many';
    return underWay > 0 && bytesUnderWay + expectedBytes > maxBytes ? 'too_many_bytes' : undefined;
  }

  function count(following: Following, reads: 1 | -1, bytes: number): void {
    following.underWay += reads;
    underWay += reads;
    bytesUnderWay += bytes;
  }

  function isPastEnd(wanted: PlaybackObject): boolean {
    if (wanted.segment === undefined) return false;
    const nowMs = clock.nowMs();
    const playlist = cache.peek(playlistBeside(wanted));
    // What is held of a growing one may be of long ago: who plays by the manifest never has it read again.
    if (playlist?.listed && (playlist.listed.isFinished || nowMs - playlist.readAtMs < playlist.freshForMs))
      return wanted.segment > playlist.listed.lastSegment;
    const end = ends.get(folderOf(wanted.key));
    return end !== undefined && nowMs < end.untilMs && wanted.segment >= end.segment;
  }

  function noteEnd(wanted: PlaybackObject): void {
    if (wanted.segment === undefined) return;
    ends.set(folderOf(wanted.key), { segment: wanted.segment, untilMs: clock.nowMs() + END_KNOWN_FOR_MS });
  }
}
