import type { VideoId } from '../domain/ids.ts';

/** A segment server as the router sees it. `url` is its origin, e.g. http://127.0.0.1:8101. */
export type Edge = { readonly url: string; readonly isHealthy: boolean };

/**
 * The edges to ask, best first. A session stays where it is while that edge is healthy. Otherwise each edge gets a
 * score for the video and the best wins (rendezvous hashing): all sessions of a video meet in one cache, and losing
 * an edge moves only what it served. Edges that are out come last, in the same order: asking one of them beats
 * answering nothing.
 */
export function pickEdges(edges: readonly Edge[], videoId: VideoId, stickyUrl?: string): readonly Edge[] {
  const scored = edges.map((edge) => ({ edge, score: scoreOf(edge.url, videoId) }));
  scored.sort((a, b) => b.score - a.score || (a.edge.url < b.edge.url ? -1 : 1));
  const ranked = scored.map(({ edge }) => edge);
  const [healthy, out] = [ranked.filter((edge) => edge.isHealthy), ranked.filter((edge) => !edge.isHealthy)];
  const sticky = healthy.filter((edge) => edge.url === stickyUrl);
  return [...sticky, ...healthy.filter((edge) => edge.url !== stickyUrl), ...out];
}

/** FNV-1a, then the finaliser of MurmurHash3: without it, names that differ in one digit score alike. */
function scoreOf(url: string, videoId: VideoId): number {
  let hash = 0x811c9dc5;
  for (const char of `${videoId}@${url}`) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
