import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { DomainError } from '../domain/errors.ts';
import { PLAYBACK_PREFIX } from '../domain/playback-path.ts';
import { boundServer } from '../lib/bound-server.ts';
import { sendJson, sendProblem } from '../lib/send.ts';
import { assembleEdge, type Edge, type EdgeDeps } from './assemble-edge.ts';
import type { EdgeMetrics } from './edge-metrics.ts';
import { getStatus } from './edge-status.ts';
import { getSegment } from './get-segment.ts';

/** The routes of an edge. It is not listening yet; whoever calls `listen` also closes it. */
export function createEdgeServer(deps: EdgeDeps): Server {
  const edge = assembleEdge(deps);
  const fail = (response: ServerResponse, err: unknown): void => {
    if (sendProblem(response, err) >= 500) deps.log.error('request_failed', { edge: deps.edge, err });
  };
  return boundServer(
    createServer((request, response) => void route(request, response, edge).catch((err) => fail(response, err))),
  );
}

async function route(request: IncomingMessage, response: ServerResponse, edge: Edge): Promise<void> {
  const target = request.url ?? '';
  if (target.startsWith(PLAYBACK_PREFIX)) return getSegment(request, response, edge.serving);
  if (target === '/health') return getHealth(response, edge);
  if (target === '/status') return getStatus(response, edge);
  if (target === '/drain') return edge.drain.answer(request, response);
  if (target === '/metrics') return getMetrics(response, edge.metrics);
  sendProblem(response, new DomainError('no_such_page'));
}

/**
 * An edge whose store is down is still worth asking for as long as it holds anything: then it is degraded, and
 * 200. It says 503, and is left out by the router, only when it could serve nothing at all. One that drains serves, too.
 */
async function getHealth(response: ServerResponse, { health, cache, disk, drain, about }: Edge): Promise<void> {
  const objectStore = await health.look();
  const isUseless = objectStore === 'failed' && cache.count + (disk?.count ?? 0) === 0;
  const storeSays = objectStore === 'ok' ? 'ok' : 'degraded';
  const serving = drain.isDraining ? 'draining' : storeSays;
  sendJson(response, isUseless ? 503 : 200, {
    status: isUseless ? 'failing' : serving,
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
