import type { IncomingMessage, ServerResponse } from 'node:http';
import { LRUCache } from 'lru-cache';
import type { Registry } from 'prom-client';
import { DomainError } from '../domain/errors.ts';
import type { VideoId } from '../domain/ids.ts';
import type { LogEvent } from '../domain/log-events.ts';
import { PLAYBACK_PREFIX, type PlaybackPath, parsePlaybackPath } from '../domain/playback-path.ts';
import { type PlaybackSession, readPlaybackToken } from '../domain/playback-token.ts';
import type { Clock } from '../domain/ports.ts';
import { CORS_HEADERS, PREFLIGHT_HEADERS } from '../lib/cors.ts';
import type { Log } from '../lib/log.ts';
import { sendProblem } from '../lib/send.ts';
import { createTextSigner, type TextSigner } from '../lib/sign-text.ts';
import type { PointAt } from '../lib/trace.ts';
import { forOrigin, originOf } from './allowed-origins.ts';
import { createEdgeClient } from './edge-client.ts';
import { createEdgeHealth } from './edge-health.ts';
import { createEdgeLoad } from './edge-load.ts';
import { type Edge, type Home, type KnownEdge, pickHome, rankEdges, type Standing } from './pick-edge.ts';
import { probeEdge } from './probe-edge.ts';
import { type ProxySessionDeps, proxySession } from './proxy-session.ts';
import { createRetryBudget } from './retry-budget.ts';
import { createRouterMetrics, type RouterMetrics } from './router-metrics.ts';
import { createSessionPlaces } from './session-places.ts';
import { type StartSessionDeps, startSession } from './start-session.ts';
import { answerSteering, asksForSteering, type SteerSessionDeps, steeringRewrite } from './steer-session.ts';

export type PlaybackRouterDeps = {
  readonly log: Log<LogEvent>;
  readonly clock: Clock;
  readonly random: (bytes: number) => Uint8Array;
  /** Shared with the edges, which check what this router signs. */
  readonly secret: string;
  /** The edges of this moment; asked for every request. */
  readonly edges: () => readonly Edge[];
  readonly probeEveryMs?: number;
  readonly maxConnectionsPerEdge?: number;
  /** Pages of these origins only may play; all, where there is none. */
  readonly origins?: readonly string[];
  /** Below this many requests of the last seconds no edge counts as loaded. */
  readonly freeLoad?: number;
  /** Where players reach edges by themselves, by name; unset, all bytes pass through this router. */
  readonly publicUrls?: ReadonlyMap<string, string>;
  /** Where its metrics stand beside those of its process; unset, alone. */
  readonly registry?: Registry;
  /** Set where requests are traced. */
  readonly pointAt?: PointAt | undefined;
};

export type EdgeUse = Edge & { readonly standing: Standing; readonly sessions: number };

export type PlaybackRouter = {
  /** Takes what is under /play/ and says so; everything else is left to the server that this is mounted into. */
  handle(request: IncomingMessage, response: ServerResponse): boolean;
  edges(): readonly KnownEdge[];
  /** For `/status`: the edges, and how many sessions play there through this router. */
  status(): readonly EdgeUse[];
  readonly registry: Registry;
  /** Ends probing and breaks off what is still being proxied. */
  close(): void;
};

/** At ten requests a second an edge is idle, and sessions of one video gain from meeting there. */
const FREE_LOAD = 100;

/** Clients whose last session is remembered for their stray requests, and for how long after the last of them. */
const MAX_CLIENTS = 10_000;
const STRAY_MS = 60 * 60 * 1000;

/** The router's machinery, which starts to probe its edges at once. */
export function openPlaybackRouter(deps: PlaybackRouterDeps): PlaybackRouter {
  const { log, clock } = deps;
  const client = createEdgeClient(deps.maxConnectionsPerEdge);
  // Of its own, so that an edge to which all connections are taken can still say that it is well.
  const prober = createEdgeClient();
  const health = createEdgeHealth({
    listEdges: deps.edges,
    probe: (url) => probeEdge(prober, url),
    clock,
    log,
    ...(deps.probeEveryMs === undefined ? {} : { probeEveryMs: deps.probeEveryMs }),
  });
  const places = createSessionPlaces(clock);
  const metrics = createRouterMetrics({ health, places, registry: deps.registry });
  const signer = createTextSigner(deps.secret);
  const load = createEdgeLoad(clock);
  const budget = createRetryBudget(clock);
  const lastToken = new LRUCache<string, string>({ max: MAX_CLIENTS, ttl: STRAY_MS });
  const homeOf = (videoId: VideoId): Home | undefined => {
    const home = pickHome(health.edges(), videoId, { loadOf: load.of, freeLoad: deps.freeLoad ?? FREE_LOAD });
    if (home) load.note(home.name);
    return home;
  };
  const rankHealthy = ({ sessionId, videoId, home }: PlaybackSession): readonly Edge[] => {
    const healthy = health.edges().filter(({ standing }) => standing === 'healthy');
    return rankEdges(healthy, { videoId, home, last: places.edgeOf(sessionId) });
  };
  const noteSteered = (edge: string | undefined): void => void (edge && load.note(edge));
  const allowedOrigins = deps.origins && new Set(deps.origins);
  const playing: Playing = {
    starting: { signer, clock, random: deps.random, log, lastToken, pickHome: homeOf },
    proxying: {
      health,
      client,
      places,
      load,
      budget,
      allowedOrigins,
      clock,
      log,
      onReassigned: metrics.countReassigned,
      pointAt: deps.pointAt,
    },
    steering: deps.publicUrls && { publicUrls: deps.publicUrls, rank: rankHealthy, log, onSteered: noteSteered },
    signer,
    metrics,
  };
  health.start();
  return {
    handle: (request, response) => {
      if (!request.url?.startsWith(PLAYBACK_PREFIX)) return false;
      void play(request, response, playing);
      return true;
    },
    edges: () => health.edges(),
    status: () => {
      const playing = places.countPlaying();
      return health
        .edges()
        .map(({ name, url, standing }) => ({ name, url, standing, sessions: playing.get(name) ?? 0 }));
    },
    registry: metrics.registry,
    close: () => {
      health.stop();
      client.close();
      prober.close();
    },
  };
}

type Playing = {
  readonly starting: StartSessionDeps;
  readonly proxying: ProxySessionDeps;
  readonly steering: SteerSessionDeps | undefined;
  readonly signer: TextSigner;
  readonly metrics: RouterMetrics;
};

async function play(request: IncomingMessage, response: ServerResponse, playing: Playing): Promise<void> {
  const path = parsePlaybackPath(request.url ?? '');
  const { clock } = playing.proxying;
  const startedMs = clock.nowMs();
  const count = (): void =>
    playing.metrics.countRequest(path?.asks ?? 'nothing', response.statusCode, clock.nowMs() - startedMs);
  response.once('close', count);
  try {
    const origin = originOf(request, playing.proxying.allowedOrigins);
    if (request.method === 'OPTIONS') return sendPreflight(response, origin);
    if (request.method !== 'GET' && request.method !== 'HEAD') throw new DomainError('method_not_allowed');
    await answer(path, request, response, playing);
  } catch (err) {
    const extra = request.method === 'GET' || request.method === 'HEAD' ? [] : ['Allow', 'GET, HEAD, OPTIONS'];
    const status = sendProblem(response, err, [...CORS_HEADERS, ...extra]);
    const sessionId = path?.asks === 'object' ? path.token.split('.', 1)[0] : undefined;
    if (status >= 500) playing.proxying.log.error('request_failed', { sessionId, videoId: path?.videoId, status, err });
  }
}

async function answer(
  path: PlaybackPath | undefined,
  request: IncomingMessage,
  response: ServerResponse,
  { starting, proxying, steering, signer }: Playing,
): Promise<void> {
  if (!path) throw new DomainError('no_such_page');
  if (path.asks === 'start') return startSession(path, request, response, starting);
  const check = { matches: signer.matches, nowMs: starting.clock.nowMs() };
  const session = readPlaybackToken(path.token, path.videoId, check);
  const exchange = { request, response, rest: path.rest };
  if (!steering) return proxySession(session, exchange, proxying);
  if (asksForSteering(path)) return answerSteering(path, session, exchange, steering);
  const rewrite = steeringRewrite(path, session, steering);
  await proxySession(session, { ...exchange, rewrite }, proxying);
}

function sendPreflight(response: ServerResponse, origin: string | undefined): void {
  response.writeHead(204, forOrigin(PREFLIGHT_HEADERS, origin));
  response.end();
}
