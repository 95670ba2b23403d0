import type { IncomingMessage, ServerResponse } from 'node:http';
import type { LRUCache } from 'lru-cache';
import type { Agent } from 'undici';
import { DomainError } from '../domain/errors.ts';
import type { SessionId } from '../domain/ids.ts';
import type { LogEvent } from '../domain/log-events.ts';
import type { PlaybackSession } from '../domain/playback-token.ts';
import type { Clock } from '../domain/ports.ts';
import type { Log } from '../lib/log.ts';
import type { EdgeFailure, EdgeHealth } from './edge-health.ts';
import { type Edge, pickEdges } from './pick-edge.ts';
import { askEdge, type Departure, type EdgeAnswer, relayAnswer, watchDeparture } from './proxy-to-edge.ts';

/** Connecting and the first byte of the head, together. */
const FIRST_BYTE_DEADLINE_MS = 1000;
/** Behind the last healthy edge there is nobody better to ask: a slow store deserves more patience than a dead edge. */
const LAST_HEALTHY_DEADLINE_MS = 8000;
/** Bounds how long a client waits while edges fail one after the other. */
const MAX_TRIES = 3;

type Reason = EdgeFailure | 'error_status' | 'edge_out';

export type ProxySessionDeps = {
  readonly health: EdgeHealth;
  readonly agent: Agent;
  /** The edge that last served each session. */
  readonly edgeOf: LRUCache<SessionId, string>;
  readonly clock: Clock;
  readonly log: Log<LogEvent>;
  readonly onReassigned: (reason: Reason) => void;
};

/**
 * Answers a request of a session through its edge; where that edge fails before its first byte, through the next.
 * The session then stays with the edge that answered.
 * @throws DomainError no_edge | store_unavailable
 */
export async function proxySession(
  session: PlaybackSession,
  request: IncomingMessage,
  response: ServerResponse,
  deps: ProxySessionDeps,
): Promise<void> {
  const { health, agent, edgeOf } = deps;
  const departure = watchDeparture(response);
  const sticky = edgeOf.get(session.sessionId);
  const edges = pickEdges(health.edges(), session.videoId, sticky).slice(0, MAX_TRIES);
  const first = sticky ?? edges[0]?.url;
  let reason: Reason = 'edge_out';
  for (const [i, edge] of edges.entries()) {
    const asked = await askEdge(edge.url, request, { agent, deadlineMs: deadlineOf(edges, i), departure });
    if (departure.hasLeft) return;
    if ('failure' in asked) {
      health.noteFailure(edge.url, asked.failure);
      reason = asked.failure;
      continue;
    }
    health.noteSuccess(edge.url);
    if (asked.answer.statusCode >= 500) {
      // The edge lives but cannot help, e.g. its store is away: another one may still hold the object. The rest of
      // this answer is read away, so that its connection can be used again; without options, dump never rejects.
      void asked.answer.body.dump();
      reason = 'error_status';
      continue;
    }
    if (edge.url !== first) noteReassigned(session, { from: first, to: edge.url, reason, tries: i + 1 }, deps);
    edgeOf.set(session.sessionId, edge.url);
    return relay(session, { edge, tries: i + 1, answer: asked.answer, departure }, response, deps);
  }
  throw new DomainError(reason === 'error_status' ? 'store_unavailable' : 'no_edge');
}

/** Ejected edges behind the last healthy one do not count: they are a last resort, not an alternative. */
function deadlineOf(edges: readonly Edge[], i: number): number {
  const isLastHealthy = edges[i]?.isHealthy === true && edges[i + 1]?.isHealthy !== true;
  return isLastHealthy ? LAST_HEALTHY_DEADLINE_MS : FIRST_BYTE_DEADLINE_MS;
}

type Move = { readonly from: string | undefined; readonly to: string; readonly reason: Reason; readonly tries: number };

function noteReassigned({ sessionId, videoId }: PlaybackSession, move: Move, deps: ProxySessionDeps): void {
  deps.log.warn('session_reassigned', { sessionId, videoId, ...move });
  deps.onReassigned(move.reason);
}

type Answered = {
  readonly edge: Edge;
  readonly tries: number;
  readonly answer: EdgeAnswer;
  readonly departure: Departure;
};

async function relay(
  { sessionId, videoId }: PlaybackSession,
  { edge, tries, answer, departure }: Answered,
  response: ServerResponse,
  { health, clock, log }: ProxySessionDeps,
): Promise<void> {
  const startedMs = clock.nowMs();
  const relayed = await relayAnswer(answer, response, departure);
  const durationMs = clock.nowMs() - startedMs;
  const line = { sessionId, videoId, edge: edge.url, status: answer.statusCode, tries, durationMs, end: relayed.end };
  if (relayed.end !== 'edge_broke') {
    log.debug('playback_proxied', line);
    return;
  }
  health.noteFailure(edge.url, 'broken_off');
  log.warn('playback_proxied', { ...line, err: relayed.cause });
}
