import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type ParsedHls, parseHls } from '../../test/support/manifest-parsers.ts';
import { type Arrival, playhead } from './playhead.ts';

/** What a player holds ahead; shaka-player does so at its defaults, hls.js holds three times as much. */
const AHEAD_SECONDS = 10;
/** Players ask again, too. */
const RETRY_MS = 250;
const ASK_DEADLINE_MS = 10_000;
const GIVE_UP_MS = 90_000;

export type ViewOptions = {
  readonly url: string;
  readonly videoId: string;
  /** Media seconds that are played in a second. */
  readonly pace: number;
  /** Where the viewer leaves; it stays to the end unless told otherwise. */
  readonly segments?: number;
  /** Called before the viewer asks for a segment, which waits for it. */
  readonly onSegment?: (segment: number, edge: string) => Promise<void> | void;
};

export type Viewing = {
  readonly sessionId: string;
  /** Of the picture, in order. */
  readonly arrivals: readonly Arrival[];
  /** For how long the viewer had nothing left to play. */
  readonly stalledMs: number;
  /** SHA-256 of every segment, by its path beside the published playlist. */
  readonly digests: ReadonlyMap<string, string>;
};

/** Plays a video to its end as a patient player does: the best rung and its sound, through the router, never far ahead. */
export async function view({ url, videoId, pace, segments, onSegment }: ViewOptions): Promise<Viewing> {
  const begun = await patiently(`${url}/play/${videoId}/index.m3u8`);
  const base = begun.url;
  const sessionId = /\/play\/\w+\/(\w+)\./.exec(base)?.[1] ?? '';
  const multivariant = parseHls(begun.bytes.toString());
  const tracks = await Promise.all(bestOf(multivariant).map((uri) => trackAt(uri, base)));
  const arrivals: Arrival[] = [];
  const digests = new Map<string, string>();
  let edge = begun.edge;
  for (const [segment, { duration: seconds }] of (tracks[0] ?? []).slice(0, segments).entries()) {
    await delay(playhead(arrivals, pace).untilWanted(performance.now(), AHEAD_SECONDS));
    await onSegment?.(segment, edge);
    for (const track of tracks) {
      const piece = track[segment];
      if (!piece) continue;
      const got = await patiently(new URL(piece.path, base).href);
      digests.set(piece.path, createHash('sha256').update(got.bytes).digest('hex'));
      edge = got.edge;
    }
    arrivals.push({ atMs: performance.now(), wallMs: Date.now(), seconds, edge });
  }
  return { sessionId, arrivals, digests, stalledMs: playhead(arrivals, pace).stalledMs };
}

/** Playlists of the variant with the highest bandwidth, and of the sound that goes with it. */
function bestOf({ playlists = [], mediaGroups }: ParsedHls): string[] {
  const [best] = playlists.toSorted((a, b) => b.attributes.BANDWIDTH - a.attributes.BANDWIDTH);
  const sounds = Object.values(mediaGroups?.AUDIO[best?.attributes.AUDIO ?? ''] ?? {});
  return [best?.uri, sounds[0]?.uri].filter((uri) => uri !== undefined);
}

async function trackAt(uri: string, base: string): Promise<{ path: string; duration: number }[]> {
  const { segments } = parseHls((await patiently(new URL(uri, base).href)).bytes.toString());
  return segments.map((segment) => ({
    path: posix.join(posix.dirname(uri), segment.uri),
    duration: segment.duration,
  }));
}

type Got = { readonly url: string; readonly bytes: Buffer; readonly edge: string };

async function patiently(url: string): Promise<Got> {
  const endMs = performance.now() + GIVE_UP_MS;
  for (;;) {
    const got = await ask(url).catch((cause) => new Error(`${url} broke off`, { cause }));
    if (!(got instanceof Error)) return got;
    if (performance.now() > endMs) throw got;
    await delay(RETRY_MS);
  }
}

async function ask(url: string): Promise<Got> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(ASK_DEADLINE_MS) });
  const bytes = Buffer.from(await answer.arrayBuffer());
  if (!answer.ok) throw new Error(`${answer.status} ${bytes}`);
  return { url: answer.url, bytes, edge: answer.headers.get('x-served-by') ?? '' };
}
