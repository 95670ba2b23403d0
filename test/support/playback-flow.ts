import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import type { Edge } from '../../src/route/pick-edge.ts';
import { openPlaybackRouter } from '../../src/route/playback-router.ts';
import { createRouterServer } from '../../src/route/server.ts';
import { createEdgeServer } from '../../src/serve/server.ts';
import { capturedLog } from '../fakes/captured-log.ts';
import { FragileStore } from '../fakes/fragile-store.ts';
import { listening } from '../fakes/listening.ts';
import { ManualClock } from '../fakes/manual-clock.ts';
import { publishVideo, SECRET, VIDEO } from '../fakes/playable-video.ts';

/** No request of a test may take longer, whatever goes wrong. */
export const DEADLINE_MS = 15_000;

/** Far above the 0.8 s that an edge may be silent for, and far below the 8 s that the last one may. */
export const SOON_MS = 6000;

export type EdgeAt = AsyncDisposable & { url: string };

type FlowOptions = {
  readonly edges?: EdgeAt[];
  readonly probeEveryMs?: number;
  readonly maxConnectionsPerEdge?: number;
  readonly origins?: readonly string[];
  /** Which of them players may be sent to. */
  readonly publicEdges?: readonly string[];
};

/** Two edges with a store each (so that reads can be told apart) and a router in front of them. */
export async function fixture(options: FlowOptions = {}) {
  const { edges: given, probeEveryMs = 60_000, maxConnectionsPerEdge, origins, publicEdges } = options;
  const clock = new ManualClock();
  const { log, lines } = capturedLog();
  const stores = [new FragileStore(), new FragileStore()];
  for (const store of stores) await publishVideo(store);
  const startEdge = (store: FragileStore, edge: string) =>
    listening(createEdgeServer({ store, clock, log, secret: SECRET, edge, version: '0', cacheBytes: 10_000_000 }));
  const edges: EdgeAt[] = given ?? [await startEdge(stores[0]!, 'edge-1'), await startEdge(stores[1]!, 'edge-2')];
  let listed: readonly Edge[] = edges.map(({ url }, i) => ({ name: `edge-${i + 1}`, url }));
  const publicUrls = new Map(
    listed.filter(({ name }) => publicEdges?.includes(name)).map(({ name, url }) => [name, url]),
  );
  const random = (n: number) => randomBytes(n);
  const own = {
    secret: SECRET,
    edges: () => listed,
    probeEveryMs,
    ...(maxConnectionsPerEdge && { maxConnectionsPerEdge }),
    ...(origins && { origins }),
    ...(publicEdges && { publicUrls }),
  };
  const router = openPlaybackRouter({ log, clock, random, ...own });
  const front = await listening(createRouterServer({ router, log, version: '0', uptimeSeconds: () => 0 }));
  const get = (path: string, init: RequestInit = {}) =>
    fetch(`${front.url}${path}`, { redirect: 'manual', signal: AbortSignal.timeout(DEADLINE_MS), ...init });
  const startSession = async (videoId = VIDEO): Promise<string> => {
    const response = await get(`/play/${videoId}/index.m3u8`);
    assert.equal(response.status, 302);
    return response.headers.get('location')!.replace(/\/index\.m3u8$/, '');
  };
  const close = async (): Promise<void> => {
    await front[Symbol.asyncDispose]();
    router.close();
    for (const edge of edges) await edge[Symbol.asyncDispose]();
  };
  const list = (...now: Edge[]): void => {
    listed = now;
  };
  const named = (event: string) => lines.filter((line) => line.event === event);
  return {
    clock,
    stores,
    edges,
    startEdge,
    front,
    router,
    get,
    startSession,
    list,
    listed: () => listed,
    named,
    [Symbol.asyncDispose]: close,
  };
}

/** Takes connections and says nothing, as a stopped process does: its kernel still accepts. */
export async function silentEdge(): Promise<EdgeAt> {
  const sockets = new Set<{ destroy(): void }>();
  const server = createTcpServer((socket) => void sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, [Symbol.asyncDispose]: close };
}
