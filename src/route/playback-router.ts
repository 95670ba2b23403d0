import type { IncomingMessage, ServerResponse } from 'node:http';
import { LRUCache } from 'lru-cache';
import type { Registry } from 'prom-client';
import { DomainError } from '../domain/errors.ts';
import type { SessionId } from '../domain/ids.ts';
import type { LogEvent } from '../domain/log-events.ts';
import { PLAYBACK_PREFIX, type PlaybackPath, parsePlaybackPath } from '../domain/playback-path.ts';
import { readPlaybackToken } from '../domain/playback-token.ts';
import type { Clock } from '../domain/ports.ts';
import { CORS_HEADERS, PREFLIGHT_HEADERS } from '../lib/cors.ts';
import type { Log } from '../lib/log.ts';
import { sendProblem } from '../lib/send.ts';
import { createTextSigner, type TextSigner } from '../lib/sign-text.ts';
import { createEdgeHealth } from './edge-health.ts';
import type { Edge } from './pick-edge.ts';
import { probeEdge } from './probe-edge.ts';
import { type ProxySessionDeps, proxySession } from './proxy-session.ts';
import { createEdgeAgent } from './proxy-to-edge.ts';
import { createRouterMetrics, type RouterMetrics } from './router-metrics.ts';
import { type StartSessionDeps, startSession } from './start-session.ts';

export type PlaybackRouterDeps = {
  readonly log: Log<LogEvent>;
  readonly clock: Clock;
  readonly random: (bytes: number) => Uint8Array;
  /** Shared with the edges, which check what this router signs. */
  readonly secret: string;
  /** Origins of the edges at this moment, e.g. http://127.0.0.1:8101; asked for every request. */
  readonly edges: () => readonly string[];
  readonly probeEveryMs?: number;
};

export type PlaybackRouter = {
  /** Takes what is under /play/ and says so; everything else is left to the server that this is mounted into. */
  handle(request: IncomingMessage, response: ServerResponse): boolean;
  edges(): readonly Edge[];
  readonly registry: Registry;
  /** Ends probing and breaks off what is still being proxied. */
  close(): Promise<void>;
};

/** Sessions whose edge is remembered, at some 200 bytes each. The hash finds the edge of a forgotten one. */
const MAX_SESSIONS = 50_000;

/** Clients whose last session is remembered for their stray requests, and for how long after the last of them. */
const MAX_CLIENTS = 10_000;
const STRAY_MS = 60 * 60 * 1000;

/** The router's machinery, which starts to probe its edges at once. */
export function openPlaybackRouter(deps: PlaybackRouterDeps): PlaybackRouter {
  const { log, clock } = deps;
  const agent = createEdgeAgent();
  const health = createEdgeHealth({
    listEdges: deps.edges,
    probe: (edge, signal) => probeEdge(agent, edge, signal),
    log,
    ...(deps.probeEveryMs === undefined ? {} : { probeEveryMs: deps.probeEveryMs }),
  });
  const metrics = createRouterMetrics({ health });
  const edgeOf = new LRUCache<SessionId, string>({ max: MAX_SESSIONS });
  const signer = createTextSigner(deps.secret);
  const playing: Playing = {
    starting: { signer, clock, random: deps.random, log, lastToken: new LRUCache({ max: MAX_CLIENTS, ttl: STRAY_MS }) },
    proxying: { health, agent, edgeOf, clock, log, onReassigned: metrics.countReassigned },
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
    registry: metrics.registry,
    close: async () => {
      await health.stop();
      await agent.destroy();
    },
  };
}

type Playing = {
  readonly starting: StartSessionDeps;
  readonly proxying: ProxySessionDeps;
  readonly signer: TextSigner;
  readonly metrics: RouterMetrics;
};

async function play(request: IncomingMessage, response: ServerResponse, playing: Playing): Promise<void> {
  const path = parsePlaybackPath(request.url ?? '');
  response.once('close', () => playing.metrics.countRequest(path?.asks ?? 'nothing', response.statusCode));
  try {
    if (request.method === 'OPTIONS') return sendPreflight(response);
    if (request.method !== 'GET' && request.method !== 'HEAD') throw new DomainError('method_not_allowed');
    await answer(path, request, response, playing);
  } catch (err) {
    const extra = request.method === 'GET' || request.method === 'HEAD' ? [] : ['Allow', 'GET, HEAD, OPTIONS'];
    const status = sendProblem(response, err, [...CORS_HEADERS, ...extra]);
    if (status >= 500) playing.proxying.log.error('request_failed', { videoId: path?.videoId, status, err });
  }
}

async function answer(
  path: PlaybackPath | undefined,
  request: IncomingMessage,
  response: ServerResponse,
  { starting, proxying, signer }: Playing,
): Promise<void> {
  if (!path) throw new DomainError('no_such_page');
  if (path.asks === 'start') return startSession(path, request, response, starting);
  const check = { matches: signer.matches, nowMs: starting.clock.nowMs() };
  const session = readPlaybackToken(path.token, path.videoId, check);
  await proxySession(session, request, response, proxying);
}

function sendPreflight(response: ServerResponse): void {
  response.writeHead(204, [...PREFLIGHT_HEADERS]);
  response.end();
}
