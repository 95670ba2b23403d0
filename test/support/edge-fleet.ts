import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { openFileObjectStore } from '../../src/adapters/file-object-store.ts';
import type { VideoId } from '../../src/domain/ids.ts';
import type { ObjectStore } from '../../src/domain/ports.ts';
import { freePort } from '../../src/lib/listen.ts';
import { openPlaybackRouter, type PlaybackRouter } from '../../src/route/playback-router.ts';
import { createRouterServer } from '../../src/route/server.ts';
import { type CapturedLine, capturedLog } from '../fakes/captured-log.ts';
import { listening } from '../fakes/listening.ts';
import { SECRET, VIDEO } from '../fakes/playable-video.ts';
import { RoleProcess } from '../fault/role-process.ts';
import { eventually } from './eventually.ts';
import { SlowLine } from './slow-line.ts';

const CLI = resolve(import.meta.dirname, '../../src/main/cli.ts');
/** No request of a test may take longer, whatever goes wrong. */
const DEADLINE_MS = 60_000;

export type EdgeFleet = AsyncDisposable & {
  readonly edges: readonly RoleProcess[];
  readonly router: PlaybackRouter;
  readonly url: string;
  readonly lines: CapturedLine[];
  /** Where the edges' logs are. */
  readonly folder: string;
  edge(name: string): RoleProcess;
  /** The network before an edge, where the fleet has one. */
  line(name: string): SlowLine;
  /** The path of a new session, without a slash at its end. */
  startSession(videoId?: VideoId): Promise<string>;
  /** The head of an answer; its body waits. */
  open(path: string, headers?: Record<string, string>): Promise<IncomingMessage>;
  allHealthy(): Promise<void>;
};

export type FleetOptions = {
  readonly edges: number;
  readonly publish: (store: ObjectStore) => Promise<void>;
  /** Puts a slow line before each edge. */
  readonly bytesPerSecond?: number;
};

/** Edges as processes of their own, on one file-system store, and a router before them in this process. */
export async function startFleet({ edges: count, publish, bytesPerSecond }: FleetOptions): Promise<EdgeFleet> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-fleet-'));
  await publish(await openFileObjectStore(join(folder, 'objects')));
  const edges = await Promise.all(Array.from({ length: count }, (_, i) => startEdge(`edge-${i + 1}`, folder)));
  const slow = new Map<string, SlowLine>();
  if (bytesPerSecond !== undefined)
    for (const { name, url } of edges) slow.set(name, await SlowLine.to(url, bytesPerSecond));
  const { log, lines } = capturedLog();
  const listed = edges.map(({ name, url }) => ({ name, url: slow.get(name)?.url ?? url }));
  const router = openPlaybackRouter({
    log,
    clock: { nowMs: () => Date.now() },
    random: randomBytes,
    secret: SECRET,
    edges: () => listed,
  });
  const front = await listening(createRouterServer({ router, log, version: '0', uptimeSeconds: () => 0 }));
  const open = (path: string, headers: Record<string, string> = {}): Promise<IncomingMessage> =>
    new Promise((done, fail) => {
      const asked = request(`${front.url}${path}`, { headers, signal: AbortSignal.timeout(DEADLINE_MS) }, done);
      asked.once('error', fail);
      asked.end();
    });
  return {
    edges,
    router,
    url: front.url,
    lines,
    folder,
    open,
    edge: (name) => edges.find((edge) => edge.name === name)!,
    line: (name) => slow.get(name)!,
    startSession: async (videoId = VIDEO) => {
      const { headers } = (await open(`/play/${videoId}/index.m3u8`)).resume();
      return headers.location!.replace(/\/index\.m3u8$/, '');
    },
    allHealthy: () =>
      eventually('every edge is healthy', () => router.edges().every(({ standing }) => standing === 'healthy')),
    [Symbol.asyncDispose]: async () => {
      await front[Symbol.asyncDispose]();
      router.close();
      for (const line of slow.values()) line[Symbol.dispose]();
      await Promise.all(edges.map((edge) => edge.kill()));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function startEdge(name: string, folder: string): Promise<RoleProcess> {
  const port = await freePort();
  const { PATH, HOME } = process.env;
  const env = {
    PATH,
    HOME,
    MILLRACE_NODE: name,
    MILLRACE_PORT: String(port),
    MILLRACE_DATA: folder,
    MILLRACE_SECRET: SECRET,
    MILLRACE_STORE: `file:${join(folder, 'objects')}`,
    MILLRACE_EDGE_DISK_BYTES: '0',
  };
  const logFile = join(folder, `${name}.jsonl`);
  const edge = new RoleProcess({ name, args: [CLI, 'edge'], env, logFile, url: `http://127.0.0.1:${port}` });
  await edge.up();
  return edge;
}
