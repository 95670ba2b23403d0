import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { DomainError } from '../domain/errors.ts';
import type { LogEvent } from '../domain/log-events.ts';
import { PLAYBACK_PREFIX } from '../domain/playback-path.ts';
import type { Clock, ObjectStore } from '../domain/ports.ts';
import { boundServer } from '../lib/bound-server.ts';
import type { Log } from '../lib/log.ts';
import { sendJson, sendProblem } from '../lib/send.ts';
import { createTextSigner } from '../lib/sign-text.ts';
import { createSessionCheck } from './check-session.ts';
import { createEdgeMetrics, type EdgeMetrics } from './edge-metrics.ts';
import { type GetSegmentDeps, getSegment, type ServedRequest } from './get-segment.ts';
import { createLoadObject } from './load-object.ts';
import { createPublishedCheck } from './published-check.ts';
import { createSegmentCache, type SegmentCache } from './segment-cache.ts';
import { createStoreHealth, type StoreHealth, type StoreOutcome } from './store-health.ts';

export type EdgeDeps = {
  readonly store: Pick<ObjectStore, 'read' | 'head'>;
  readonly log: Log<LogEvent>;
  readonly clock: Clock;
  /** Shared with the router, which signs what this edge checks. */
  readonly secret: string;
  /** Name of this edge in logs and answers. */
  readonly edge: string;
  readonly version: string;
  readonly cacheBytes: number;
};

/** The routes of an edge. It is not listening yet; whoever calls `listen` also closes it. */
export function createEdgeServer(deps: EdgeDeps): Server {
  const edge = assemble(deps);
  const fail = (response: ServerResponse, err: unknown): void => {
    deps.log.error('request_failed', { edge: deps.edge, err });
    sendProblem(response, err);
  };
  return boundServer(
    createServer((request, response) => void route(request, response, edge).catch((err) => fail(response, err))),
  );
}

type Edge = {
  readonly serving: GetSegmentDeps;
  readonly cache: SegmentCache;
  readonly metrics: EdgeMetrics;
  readonly health: StoreHealth;
  readonly about: { readonly version: string; readonly uptimeSeconds: () => number };
};

async function route(request: IncomingMessage, response: ServerResponse, edge: Edge): Promise<void> {
  const target = request.url ?? '';
  if (target.startsWith(PLAYBACK_PREFIX)) return getSegment(request, response, edge.serving);
  if (target === '/health') return getHealth(response, edge);
  if (target === '/metrics') return getMetrics(response, edge.metrics);
  sendProblem(response, new DomainError('no_such_page'));
}

/**
 * An edge whose store is down is still worth asking for as long as it holds anything: then it is degraded, and
 * 200. It says 503, and is left out by the router, only when it could serve nothing at all.
 */
async function getHealth(response: ServerResponse, { health, cache, about }: Edge): Promise<void> {
  const objectStore = await health.look();
  const isUseless = objectStore === 'failed' && cache.count === 0;
  const degraded = isUseless ? 'failing' : 'degraded';
  sendJson(response, isUseless ? 503 : 200, {
    status: objectStore === 'ok' ? 'ok' : degraded,
    role: 'edge',
    version: about.version,
    uptimeSeconds: about.uptimeSeconds(),
    checks: { objectStore: { status: objectStore === 'ok' ? 'ok' : 'failing' } },
  });
}

async function getMetrics(response: ServerResponse, { registry }: EdgeMetrics): Promise<void> {
  const text = await registry.metrics();
  response.writeHead(200, { 'Content-Type': registry.contentType });
  response.end(text);
}

function assemble({ store, log, clock, secret, edge, version, cacheBytes }: EdgeDeps): Edge {
  const cache = createSegmentCache({ maxBytes: cacheBytes });
  const metrics = createEdgeMetrics({ cache });
  const health = createStoreHealth({ store, clock, log });
  const onStoreRead = (outcome: StoreOutcome): void => {
    health.note(outcome);
    metrics.countStoreRead(outcome);
  };
  const onServed = (served: ServedRequest, durationMs: number, aborted: boolean): void => {
    metrics.countRequest(served, durationMs);
    logServed(log, served, { edge, durationMs, ...(aborted ? { aborted } : {}) });
  };
  const startedMs = clock.nowMs();
  return {
    cache,
    metrics,
    health,
    about: { version, uptimeSeconds: () => Math.round((clock.nowMs() - startedMs) / 1000) },
    serving: {
      checkSession: createSessionCheck({ signer: createTextSigner(secret), clock }),
      isPublished: createPublishedCheck({
        store,
        clock,
        log,
        onStoreRead,
        onWithdrawn: (videoId) => void cache.dropVideo(videoId),
      }),
      load: createLoadObject({ store, cache, clock, log, onStoreRead }),
      nowMs: () => clock.nowMs(),
      edge,
      onServed,
    },
  };
}

function logServed(log: Log<LogEvent>, served: ServedRequest, fields: Record<string, unknown>): void {
  const { session, object, cache, bytes, status, error } = served;
  const { sessionId, videoId } = session ?? {};
  const { rendition, segment, kind } = object ?? {};
  const code = error instanceof DomainError ? error.code : undefined;
  const line = { sessionId, videoId, kind, rendition, segment, cache, bytes, status, code, ...fields };
  const isOurFault = error !== undefined && status >= 500;
  if (isOurFault) log.error(code ? 'segment_served' : 'request_failed', { ...line, err: error });
  else log.info('segment_served', line);
}
