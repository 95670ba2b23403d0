import { setImmediate as turn } from 'node:timers/promises';
import type { SessionId, VideoId } from '../../src/domain/ids.ts';
import { type ObjectKey, type PlaybackObject, playbackObject } from '../../src/domain/object-keys.ts';
import type { StoredObject } from '../../src/domain/ports.ts';
import { silentLog } from '../../src/lib/log.ts';
import { createLastSeen } from '../../src/serve/last-seen.ts';
import { type CacheOutcome, createLoader } from '../../src/serve/load-object.ts';
import { createReadAhead } from '../../src/serve/read-ahead.ts';
import { createReadObject } from '../../src/serve/read-object.ts';
import { createSegmentCache, type SegmentCache } from '../../src/serve/segment-cache.ts';
import { ManualClock } from '../fakes/manual-clock.ts';
import { type Chance, seededChance } from '../fault/seeded-random.ts';

export type TraceOptions = {
  readonly seed: number;
  readonly videos: number;
  readonly sessions: number;
  /** Videos that somebody reads whole, once each, as a crawler does; spread over the trace. */
  readonly scans: number;
  readonly hours: number;
};

type Video = { readonly id: VideoId; readonly segments: number };
type Request = {
  readonly atMs: number;
  readonly session: SessionId;
  readonly wanted: PlaybackObject;
  /** A segment that is not the session's first one in any rendition: what read-ahead should have brought. */
  readonly isLater: boolean;
  readonly isScan: boolean;
};

export type Trace = {
  readonly requests: readonly Request[];
  readonly totalBytes: number;
  read(key: ObjectKey): Promise<StoredObject | undefined>;
};

const SEGMENT_MS = 4000;
/** A player fills its buffer before it reads at the pace of the video. */
const STARTUP_SEGMENTS = 4;
const STARTUP_GAP_MS = 300;
/** Mean bytes of a segment, by rendition. */
const RENDITIONS = { v360: 300_000, v720: 1_000_000 } as const;
type Rendition = keyof typeof RENDITIONS;

/** Viewers of videos whose popularity follows Zipf's law, each at its own pace; a fifth of them switch once. */
export function makeTrace(options: TraceOptions): Trace {
  const { next: random, between, pick: oneOf } = seededChance(options.seed);
  const videos = Array.from({ length: options.videos }, (_, i) => ({ id: idOf(i), segments: between(20, 80) }));
  const pickPopular = zipf(videos, random);
  const requests: Request[] = [];
  for (let i = 0; i < options.sessions; i++) {
    const startMs = between(0, options.hours * 3_600_000);
    // Half of the viewers leave within the first third.
    requests.push(...viewing(pickPopular(), { name: i, startMs, share: random() ** 1.6, switchAt: random() * 5 }));
  }
  for (let i = 0; i < options.scans; i++) {
    const video = oneOf(videos);
    requests.push(...scanning(video, { name: options.sessions + i, startMs: between(0, options.hours * 3_600_000) }));
  }
  requests.sort((a, b) => a.atMs - b.atMs);
  const sizes = videos.flatMap(({ id, segments }) =>
    (Object.keys(RENDITIONS) as Rendition[]).flatMap((rendition) =>
      Array.from({ length: segments }, (_, n) => sizeOf(segment({ id }, rendition, n).key, rendition)),
    ),
  );
  const counts = new Map(videos.map(({ id, segments }) => [id as string, segments]));
  return { requests, totalBytes: sizes.reduce((sum, size) => sum + size, 0), read: async (key) => stored(key, counts) };
}

type Viewing = { readonly name: number; readonly startMs: number; readonly share: number; readonly switchAt: number };

function viewing(video: Video, { name, startMs, share, switchAt }: Viewing): Request[] {
  const session = sessionOf(name);
  const of = { session, isScan: false, isLater: false };
  const watched = Math.max(1, Math.round(video.segments * share));
  const switchSegment = Math.floor(watched * switchAt);
  const requests: Request[] = [{ ...of, atMs: startMs, wanted: object(video, 'index.m3u8') }];
  let atMs = startMs + 50;
  let rendition: Rendition = 'v360';
  const announce = (): void => {
    requests.push({ ...of, atMs, wanted: object(video, `g1/${rendition}/index.m3u8`) });
    requests.push({ ...of, atMs: atMs + 20, wanted: object(video, `g1/${rendition}/init.mp4`) });
    atMs += 40;
  };
  announce();
  for (let n = 0; n < watched; n++) {
    if (n > 0 && n === switchSegment) {
      rendition = 'v720';
      announce();
    }
    requests.push({ ...of, atMs, wanted: segment(video, rendition, n), isLater: n > 0 });
    atMs += n < STARTUP_SEGMENTS ? STARTUP_GAP_MS : SEGMENT_MS;
  }
  return requests;
}

const scanning = (video: Video, { name, startMs }: { name: number; startMs: number }): Request[] =>
  Array.from({ length: video.segments }, (_, n) => ({
    session: sessionOf(name),
    atMs: startMs + n * 100,
    wanted: segment(video, 'v720', n),
    isLater: n > 0,
    isScan: true,
  }));

const ZIPF_EXPONENT = 0.9;

function zipf(videos: readonly Video[], random: Chance['next']): () => Video {
  let sum = 0;
  const upTo = videos.map((_, rank) => (sum += 1 / (rank + 1) ** ZIPF_EXPONENT));
  return () => {
    const at = random() * sum;
    return videos[upTo.findIndex((bound) => at < bound)]!;
  };
}

const sixteen = (text: string): string => text.padStart(16, '0');
const idOf = (n: number): VideoId => sixteen(`v${n}`) as VideoId;
const sessionOf = (n: number): SessionId => sixteen(`s${n}`) as SessionId;
const object = ({ id }: { id: VideoId }, rest: string): PlaybackObject => playbackObject(id, rest)!;
const segment = (video: { id: VideoId }, rendition: Rendition, n: number): PlaybackObject =>
  object(video, `g1/${rendition}/${String(n).padStart(6, '0')}.m4s`);

/** All objects are views of the same bytes: only their sizes matter. */
const BYTES = Buffer.alloc(2 * RENDITIONS.v720);

function stored(key: ObjectKey, counts: ReadonlyMap<string, number>): StoredObject | undefined {
  const [, id = '', , rendition = '', file = ''] = key.split('/');
  const segments = counts.get(id) ?? 0;
  const last = `${String(segments - 1).padStart(6, '0')}.m4s`;
  if (key.endsWith('.m3u8')) return whole(Buffer.from(`#EXTM3U\n${last}\n#EXT-X-ENDLIST\n`));
  if (file === 'init.mp4') return whole(BYTES.subarray(0, 1000));
  return file <= last ? whole(BYTES.subarray(0, sizeOf(key, rendition as Rendition))) : undefined;
}

const whole = (bytes: Buffer): StoredObject => ({ bytes, sizeBytes: bytes.length, etag: 'e', contentType: 'x' });

/** Between half and one and a half of the mean, and always the same for one key. */
function sizeOf(key: string, rendition: Rendition): number {
  let hash = 0;
  for (let i = 0; i < key.length; i++) hash = (hash * 31 + key.charCodeAt(i)) >>> 0;
  return Math.floor(RENDITIONS[rendition] * (0.5 + (hash % 1000) / 1000));
}

export type ReplayOptions = {
  readonly edges: number;
  /** Of each edge. */
  readonly cacheBytes: number;
  readonly isReadAheadOn: boolean;
  /** Whether all sessions of a video meet at one edge, as the router has it; without, requests go round. */
  readonly hasAffinity: boolean;
  /** To compare with another memory. */
  readonly makeCache?: (maxBytes: number) => SegmentCache;
};

export type Replay = {
  readonly requests: number;
  readonly bytes: number;
  /** Of viewers, scans apart. */
  readonly hitRatio: number;
  readonly byteHitRatio: number;
  readonly storeReads: number;
  readonly storeBytes: number;
  /** Segments that viewers had to wait for though they came after their first one. */
  readonly laterMisses: number;
};

/** Plays a trace to edges without servers, in virtual time; the store answers at once. */
export async function replay(trace: Trace, options: ReplayOptions): Promise<Replay> {
  const clock = new ManualClock(0);
  const tally = { requests: 0, bytes: 0, hits: 0, hitBytes: 0, storeReads: 0, storeBytes: 0, laterMisses: 0 };
  const store = {
    read: async (key: ObjectKey) => {
      const found = await trace.read(key);
      tally.storeReads++;
      tally.storeBytes += found?.sizeBytes ?? 0;
      return found;
    },
  };
  const edges = Array.from({ length: options.edges }, () => makeEdge(store, clock, options));
  let nowMs = 0;
  for (const [i, { atMs, session, wanted, isLater, isScan }] of trace.requests.entries()) {
    clock.advance(atMs - nowMs);
    nowMs = atMs;
    const edge = edges[options.hasAffinity ? edgeOf(wanted, edges.length) : i % edges.length]!;
    const { cache, bytes } = await edge(wanted, session);
    if (isScan) continue;
    const isHit = cache === 'hit' || cache === 'prefetched';
    tally.requests++;
    tally.bytes += bytes;
    tally.hits += isHit ? 1 : 0;
    tally.hitBytes += isHit ? bytes : 0;
    if (isLater && !isHit) tally.laterMisses++;
  }
  const { requests, bytes, hits, hitBytes, ...rest } = tally;
  return { requests, bytes, ...rest, hitRatio: hits / requests, byteHitRatio: hitBytes / bytes };
}

/** Videos are numbered by rank: edges get popular ones by turns. */
const edgeOf = ({ key }: PlaybackObject, edges: number): number =>
  Number(key.slice('videos/'.length).split('/')[0]?.replace(/^0*v/, '')) % edges;

function makeEdge(store: Pick<Trace, 'read'>, clock: ManualClock, options: ReplayOptions) {
  const log = silentLog<never>();
  const make = options.makeCache ?? ((maxBytes: number) => createSegmentCache({ maxBytes }));
  const cache = make(options.cacheBytes);
  const read = createReadObject({
    store,
    disk: undefined,
    lastSeen: createLastSeen(undefined),
    clock,
    onStoreRead: () => {},
  });
  const loader = createLoader({ read, recall: async () => undefined, cache, clock, log });
  const ahead = { loader, cache, clock, log, isStoreUp: () => true, onOutcome: () => {} };
  const readAhead = createReadAhead({ ...ahead, maxBytes: options.cacheBytes / 8 });
  return async (asked: PlaybackObject, sessionId: SessionId): Promise<{ cache: CacheOutcome; bytes: number }> => {
    const { object: found, cache: outcome } = await loader.load(asked);
    const sizeBytes = found?.bytes.length ?? 0;
    const session = { sessionId, videoId: asked.key.split('/')[1] as VideoId, expiresAtMs: 0 };
    if (options.isReadAheadOn) readAhead({ session, asked, sizeBytes, named: [] });
    while (loader.readsUnderWay > 0) await turn();
    return { cache: outcome, bytes: sizeBytes };
  };
}
