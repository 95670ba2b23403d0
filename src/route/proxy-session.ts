import type { ServerResponse } from 'node:http';
import { DomainError } from '../domain/errors.ts';
import type { LogEvent } from '../domain/log-events.ts';
import { isScrubbing } from '../domain/playback-path.ts';
import type { PlaybackSession } from '../domain/playback-token.ts';
import type { Clock } from '../domain/ports.ts';
import type { Log } from '../lib/log.ts';
import type { PointAt, TracePoint } from '../lib/trace.ts';
import { type AllowedOrigins, originOf } from './allowed-origins.ts';
import { type BreakReason, type ClientExchange, type Delivered, Delivery } from './delivery.ts';
import type { EdgeClient } from './edge-client.ts';
import type { EdgeFailure, EdgeHealth } from './edge-health.ts';
import type { EdgeLoad } from './edge-load.ts';
import { homeTag, type KnownEdge, rankEdges } from './pick-edge.ts';
import type { RetryBudget } from './retry-budget.ts';
import type { SessionPlaces } from './session-places.ts';

/** Connecting and the head; then any pause in the body. Players were seen to stall when this was longer (docs/routing.md). */
const SILENCE_MS = 800;
/** Behind the last edge that serves there is nobody better to ask: a slow store deserves more patience than a dead edge. */
const LAST_SILENCE_MS = 8000;
/** Bounds how long a client waits while edges fail one after the other. */
const MAX_TRIES = 3;

/** Why a session moved: how its edge failed, or what was known of it before it was asked. */
export type MoveReason = BreakReason | 'draining' | 'edge_out' | 'edge_gone';

export type ProxySessionDeps = {
  readonly health: EdgeHealth;
  readonly client: EdgeClient;
  readonly places: SessionPlaces;
  readonly load: EdgeLoad;
  readonly budget: RetryBudget;
  readonly allowedOrigins: AllowedOrigins;
  readonly clock: Clock;
  readonly log: Log<LogEvent>;
  readonly onReassigned: (reason: MoveReason) => void;
  /** Set where requests are traced. */
  readonly pointAt?: PointAt | undefined;
};

/** `rest` is the path below the session. */
export type SessionExchange = ClientExchange & { readonly rest: string };

/**
 * Answers a request of a session through its edge. Where that edge fails, before its first byte or in the middle of
 * the body, the next one goes on; the session then stays with it.
 * @throws DomainError no_edge | store_unavailable | origin_refused
 */
export async function proxySession(
  session: PlaybackSession,
  { request, response, rewrite, rest }: SessionExchange,
  deps: ProxySessionDeps,
): Promise<void> {
  const { health, budget, clock, load, places } = deps;
  const startedMs = clock.nowMs();
  budget.noteRequest();
  const before = places.pictureOf(session.sessionId);
  if (!isScrubbing(request.headers)) places.noteAsked(session, rest);
  const trace = deps.pointAt?.(request.headers.traceparent);
  const origin = originOf(request, deps.allowedOrigins);
  const delivery = new Delivery({ request, response, rewrite, origin, trace });
  const tried: KnownEdge[] = [];
  let move = movedBefore(session, deps);
  let delivered: Delivered | undefined;
  for (;;) {
    const [edge, other] = untried(session, tried, deps);
    if (!edge || (tried.length > 0 && !budget.take())) break;
    tried.push(edge);
    load.note(edge.name);
    const silenceMs = other && other.standing !== 'out' ? SILENCE_MS : LAST_SILENCE_MS;
    delivered = await ask(edge, { session, delivery, tries: tried.length, move, before, silenceMs }, deps);
    if (delivered.end !== 'broken') break;
    const { reason } = delivered;
    if (isEdgesFault(reason)) health.noteFailure(edge.name, reason);
    move = { from: edge.name, reason };
    if (!delivery.canGoOn || tried.length >= MAX_TRIES) break;
  }
  if (!delivered || (delivered.end === 'broken' && !delivery.hasBegun)) throw unanswered(delivered);
  finish(session, { delivered, delivery, tried, response, durationMs: clock.nowMs() - startedMs, trace }, deps);
}

type Move = { readonly from: string; readonly reason: MoveReason };

/** Where the session would be asked now, if its place were healthy; and why it is not. */
function movedBefore(session: PlaybackSession, { health, places }: ProxySessionDeps): Move | undefined {
  const last = places.edgeOf(session.sessionId);
  if (last === undefined && session.home === undefined) return undefined;
  const isPlace = ({ name }: KnownEdge): boolean =>
    last === undefined ? homeTag(name) === session.home : name === last;
  const place = health.edges().find(isPlace);
  if (!place) return { from: last ?? `(${session.home})`, reason: 'edge_gone' };
  if (place.standing === 'healthy') return undefined;
  return { from: place.name, reason: place.standing === 'draining' ? 'draining' : 'edge_out' };
}

/** Ranked anew for each try: what is known of the edges may have changed meanwhile. */
function untried(
  { sessionId, videoId, home }: PlaybackSession,
  tried: readonly KnownEdge[],
  { health, places }: ProxySessionDeps,
): KnownEdge[] {
  const left = health.edges().filter(({ name }) => !tried.some((edge) => edge.name === name));
  return rankEdges(left, { videoId, home, last: places.edgeOf(sessionId) });
}

type Asking = {
  readonly session: PlaybackSession;
  readonly delivery: Delivery;
  readonly tries: number;
  readonly move: Move | undefined;
  /** The segment of picture that the session asked for before this request. */
  readonly before: string | undefined;
  readonly silenceMs: number;
};

function ask(edge: KnownEdge, asking: Asking, deps: ProxySessionDeps): Promise<Delivered> {
  const { session, delivery, tries, move, silenceMs } = asking;
  const { client, health, places, log, onReassigned } = deps;
  // Once an answer has begun, the edge before has written down what it is.
  const before = delivery.hasBegun ? places.pictureOf(session.sessionId) : asking.before;
  const isMove = move !== undefined && move.from !== edge.name;
  return delivery.from(edge, {
    client,
    firstByteMs: silenceMs,
    stallMs: silenceMs,
    before: isMove ? before : undefined,
    onAnswered: () => {
      places.note(session.sessionId, edge.name);
      if (!isMove) return;
      const { sessionId, videoId } = session;
      const fields = { sessionId, videoId, ...move, to: edge.name, tries, bytes: delivery.sentBytes };
      log.warn('session_reassigned', fields);
      onReassigned(move.reason);
    },
    onWhole: () => health.noteSuccess(edge.name),
  });
}

/** Not where it answered, nor where this router had no connection left to ask it over. */
const isEdgesFault = (reason: BreakReason): reason is EdgeFailure =>
  !isStatus(reason) && reason !== 'other_version' && reason !== 'overloaded';
const isStatus = (reason: MoveReason): reason is `status_${number}` => reason.startsWith('status_');

/** An edge that answers 5xx lives, and cannot reach its store. */
function unanswered(last: (Delivered & { end: 'broken' }) | undefined): DomainError {
  const code = last && isStatus(last.reason) ? 'store_unavailable' : 'no_edge';
  return new DomainError(code, undefined, { cause: last?.cause });
}

type Finished = {
  readonly delivered: Delivered;
  readonly delivery: Delivery;
  readonly tried: readonly KnownEdge[];
  readonly response: ServerResponse;
  readonly durationMs: number;
  readonly trace: TracePoint | undefined;
};

/**
 * An answer that nobody could bring to its end destroys the client's connection: its length was announced, so that
 * nobody can take what arrived for the whole.
 */
function finish({ sessionId, videoId }: PlaybackSession, finished: Finished, { log }: ProxySessionDeps): void {
  const { delivered, delivery, tried, response, durationMs, trace } = finished;
  const line = {
    sessionId,
    videoId,
    edge: tried.at(-1)?.name,
    status: response.statusCode,
    tries: tried.length,
    bytes: delivery.sentBytes,
    durationMs,
    end: delivered.end,
    trace,
  };
  if (delivered.end !== 'broken') {
    log.debug('playback_proxied', line);
    return;
  }
  response.destroy();
  log.warn('playback_proxied', { ...line, reason: delivered.reason, err: delivered.cause });
}
