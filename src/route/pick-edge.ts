import type { VideoId } from '../domain/ids.ts';

/**
 * A segment server as the router sees it. `url` is its origin, e.g. http://127.0.0.1:8101. Edges are ranked by `name`,
 * so that one that returns at another address serves what it served before.
 */
export type Edge = { readonly name: string; readonly url: string };

/** `draining`: it serves, and wants to be left in peace. `out`: it does not answer as it should. */
export type Standing = 'healthy' | 'draining' | 'out';

export type KnownEdge = Edge & {
  readonly standing: Standing;
  /** How much of its fair share of new sessions it gets, above 0 and up to 1: less while it is warming up. */
  readonly share: number;
};

/** What a session brings with it: the edge that served it last, and the one that it began at. */
export type SessionPlace = {
  readonly videoId: VideoId;
  readonly last?: string | undefined;
  readonly home?: string | undefined;
};

/**
 * The edges to ask, best first. A session stays where it was served last, else where it began, while that edge is
 * healthy. Otherwise each edge gets a score for the video and the best wins (rendezvous hashing): every router comes to
 * the same answer, and losing an edge moves only what it served. Draining edges come behind the healthy ones and those
 * that are out come last: asking one of them beats answering nothing.
 */
export function rankEdges<E extends KnownEdge>(edges: readonly E[], { videoId, last, home }: SessionPlace): E[] {
  const ranked = rankForVideo(edges, videoId);
  const place = (edge: E): number => {
    if (edge.standing !== 'healthy') return edge.standing === 'draining' ? 3 : 4;
    if (edge.name === last) return 0;
    return homeTag(edge.name) === home ? 1 : 2;
  };
  return ranked.sort((a, b) => place(a) - place(b));
}

/** Why a session begins there: its video's best edge; the best of those that have room; all are full, and it the least. */
export type HomeChoice = 'best' | 'spill' | 'least_loaded';
export type Home = KnownEdge & { readonly choice: HomeChoice };

/** An edge takes new sessions up to this multiple of the mean load (bounded loads: Mirrokni et al., 2016). */
const LOAD_FACTOR = 1.25;

/**
 * Where a new session begins: at the best edge for its video that is not loaded above its bound, so that the viewers of
 * one video share a cache and no video overloads an edge. Below `freeLoad` nobody is overloaded, and sessions are not
 * spread for the sake of evenness.
 */
export function pickHome(
  edges: readonly KnownEdge[],
  videoId: VideoId,
  { loadOf, freeLoad }: { readonly loadOf: (name: string) => number; readonly freeLoad: number },
): Home | undefined {
  const healthy = rankForVideo(
    edges.filter((edge) => edge.standing === 'healthy'),
    videoId,
  );
  const total = healthy.reduce((sum, { name }) => sum + loadOf(name), 1);
  const bound = Math.max(freeLoad, Math.ceil((LOAD_FACTOR * total) / healthy.length));
  const filled = ({ name, share }: KnownEdge): number => (loadOf(name) + 1) / (bound * share);
  const withRoom = healthy.find((edge) => filled(edge) <= 1);
  if (withRoom) return { ...withRoom, choice: withRoom === healthy[0] ? 'best' : 'spill' };
  const [emptiest] = healthy.toSorted((a, b) => filled(a) - filled(b));
  return emptiest && { ...emptiest, choice: 'least_loaded' };
}

function rankForVideo<E extends Edge>(edges: readonly E[], videoId: VideoId): E[] {
  const scored = edges.map((edge) => ({ edge, score: hashOf(`${videoId}@${edge.name}`) }));
  scored.sort((a, b) => b.score - a.score || (a.edge.name < b.edge.name ? -1 : 1));
  return scored.map(({ edge }) => edge);
}

/**
 * Four characters that stand for an edge's name in a session's token. Where two edges share them, a session of one may
 * be found at the other, which plays as well.
 */
export const homeTag = (name: string): string => (hashOf(name) % 36 ** 4).toString(36).padStart(4, '0');

/** FNV-1a, then the finaliser of MurmurHash3: without it, names that differ in one digit score alike. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
