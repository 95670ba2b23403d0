import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { DomainError } from '../domain/errors.ts';
import type { LogEvent } from '../domain/log-events.ts';
import { boundServer } from '../lib/bound-server.ts';
import type { Log } from '../lib/log.ts';
import { sendJson, sendProblem } from '../lib/send.ts';
import type { PlaybackRouter } from './playback-router.ts';

type Deps = {
  readonly router: PlaybackRouter;
  readonly log: Log<LogEvent>;
  readonly version: string;
  readonly uptimeSeconds: () => number;
};

/**
 * The router as a role of its own. It is not listening yet; whoever calls `listen` also closes it, and then the
 * router. On one machine the router is mounted into the public listener instead, by `router.handle`.
 */
export function createRouterServer(deps: Deps): Server {
  const fail = (response: ServerResponse, err: unknown): void => {
    deps.log.error('request_failed', { err });
    sendProblem(response, err);
  };
  return boundServer(
    createServer((request, response) => void route(request, response, deps).catch((err) => fail(response, err))),
  );
}

async function route(request: IncomingMessage, response: ServerResponse, deps: Deps): Promise<void> {
  if (deps.router.handle(request, response)) return;
  if (request.url === '/health') return getHealth(response, deps);
  if (request.url === '/status') return sendJson(response, 200, { edges: deps.router.status() });
  if (request.url === '/metrics') return getMetrics(response, deps.router);
  sendProblem(response, new DomainError('no_such_page'));
}

/** A router without a healthy edge cannot do its work: whatever balances over routers should try another. */
function getHealth(response: ServerResponse, { router, version, uptimeSeconds }: Deps): void {
  const edges = router.edges();
  const healthy = edges.filter((edge) => edge.standing === 'healthy').length;
  sendJson(response, healthy > 0 ? 200 : 503, {
    status: healthy > 0 ? 'ok' : 'failing',
    role: 'router',
    version,
    uptimeSeconds: uptimeSeconds(),
    checks: { edges: { status: healthy > 0 ? 'ok' : 'failing', detail: `${healthy} of ${edges.length} healthy` } },
  });
}

async function getMetrics(response: ServerResponse, { registry }: PlaybackRouter): Promise<void> {
  const text = await registry.metrics();
  response.writeHead(200, { 'Content-Type': registry.contentType });
  response.end(text);
}
