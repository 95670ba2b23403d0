import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { prepareEmbeddedPostgres } from '../adapters/embedded-postgres.ts';
import { freePort } from '../lib/listen.ts';
import { type Config, ConfigError } from './config.ts';
import { noteRoles } from './known-roles.ts';
import { openLogFile } from './log-files.ts';
import { storeUrl, workerToken } from './parts.ts';
import type { ChildSpec } from './supervise.ts';

/** PostgreSQL as a child of the supervisor. SIGINT is its fast shutdown: clients are dropped, nothing is lost. */
export async function postgresChild(data: string): Promise<{ child: ChildSpec; databaseUrl: string }> {
  const postgres = await prepareEmbeddedPostgres(join(data, 'postgres'), await freePort());
  const fd = openLogFile(join(data, 'logs'), 'postgres.log');
  const child = {
    name: 'postgres',
    spawn: () => postgres.spawn(fd),
    ready: postgres.ready,
    stopSignal: 'SIGINT',
  } as const;
  return { child, databaseUrl: postgres.databaseUrl };
}

/** Every role of one machine, in the groups in which they start; stopping goes the other way round. */
export async function instanceGroups(config: Config): Promise<ChildSpec[][]> {
  const data = config.MILLRACE_DATA;
  const child = (role: string, name: string, port: number, env: Settings): ChildSpec =>
    roleChild({ role, name, port, data, env: { MILLRACE_STORE: storeUrl(config), ...storeKeys(config), ...env } });
  const own = { MILLRACE_SECRET: config.MILLRACE_SECRET, MILLRACE_DATABASE_URL: config.MILLRACE_DATABASE_URL };

  const orchestratorPort = await freePort();
  const orchestrator = child('orchestrator', 'orchestrator', orchestratorPort, {
    ...own,
    MILLRACE_LEASE_SECONDS: config.MILLRACE_LEASE_SECONDS,
    MILLRACE_RECONCILE_SECONDS: config.MILLRACE_RECONCILE_SECONDS,
    MILLRACE_LADDER: config.MILLRACE_LADDER,
    MILLRACE_CODECS: config.MILLRACE_CODECS,
    MILLRACE_WEBHOOK_PRIVATE: config.MILLRACE_WEBHOOK_PRIVATE,
    MILLRACE_WEBHOOK_MAX_WAITING: config.MILLRACE_WEBHOOK_MAX_WAITING,
    MILLRACE_WEBHOOK_MAX_AGE_SECONDS: config.MILLRACE_WEBHOOK_MAX_AGE_SECONDS,
  });
  const workerPorts = await freePorts(config.MILLRACE_WORKERS);
  const workers = workerPorts.map((port, i) =>
    child('worker', `worker-${i + 1}`, port, {
      MILLRACE_WORKER_TOKEN: workerToken(config),
      MILLRACE_ORCHESTRATOR_URL: [`http://127.0.0.1:${orchestratorPort}`],
      MILLRACE_WORKER_MEMORY_MIB: config.MILLRACE_WORKER_MEMORY_MIB,
    }),
  );
  const edgePorts = await freePorts(edgeCount(config));
  const edgeList = edgePorts.map((port, i) => `edge-${i + 1}=${at(port)}`).join(',');
  await noteRoles(data, [
    { name: 'orchestrator', url: at(orchestratorPort) },
    ...workerPorts.map((port, i) => ({ name: `worker-${i + 1}`, url: at(port) })),
    ...edgePorts.map((port, i) => ({ name: `edge-${i + 1}`, url: at(port) })),
  ]);
  const edges = edgePorts.map((port, i) =>
    child('edge', `edge-${i + 1}`, port, {
      MILLRACE_SECRET: config.MILLRACE_SECRET,
      MILLRACE_EDGE_CACHE_BYTES: config.MILLRACE_EDGE_CACHE_BYTES,
      MILLRACE_EDGE_DISK_BYTES: config.MILLRACE_EDGE_DISK_BYTES,
    }),
  );
  const open = child('public', 'public', config.MILLRACE_PORT ?? 8080, {
    ...own,
    MILLRACE_HOST: config.MILLRACE_HOST,
    MILLRACE_API_KEYS: config.MILLRACE_API_KEYS,
    MILLRACE_MAX_UPLOAD_BYTES: config.MILLRACE_MAX_UPLOAD_BYTES,
    MILLRACE_UPLOAD_EXPIRY_SECONDS: config.MILLRACE_UPLOAD_EXPIRY_SECONDS,
    MILLRACE_MAX_TRANSFERS: config.MILLRACE_MAX_TRANSFERS,
    MILLRACE_UPLOAD_MEMORY_BYTES: config.MILLRACE_UPLOAD_MEMORY_BYTES,
    MILLRACE_INGEST_PRIVATE: config.MILLRACE_INGEST_PRIVATE,
    MILLRACE_WEBHOOK_PRIVATE: config.MILLRACE_WEBHOOK_PRIVATE,
    MILLRACE_MAX_INGESTS: config.MILLRACE_MAX_INGESTS,
    MILLRACE_INGEST_DEADLINE_SECONDS: config.MILLRACE_INGEST_DEADLINE_SECONDS,
    MILLRACE_UPLOAD_IDLE_SECONDS: config.MILLRACE_UPLOAD_IDLE_SECONDS,
    MILLRACE_EDGES: edgeList,
    MILLRACE_PLAYBACK_ORIGINS: config.MILLRACE_PLAYBACK_ORIGINS,
    MILLRACE_TRUSTED_PROXIES: config.MILLRACE_TRUSTED_PROXIES,
    MILLRACE_RATE_LIMIT: config.MILLRACE_RATE_LIMIT,
  });
  return [[orchestrator], [...workers, ...edges], [open]];
}

const at = (port: number): string => `http://127.0.0.1:${port}`;

type Settings = { readonly [Name in keyof Config]?: Config[Name] | undefined };
type RoleChild = { role: string; name: string; port: number; data: string; env: Settings };

/**
 * Bytes of uploads pass through short-lived buffers that V8 frees only when it collects young objects: doing so more
 * often took a quarter off the CPU time and 80 MiB off the peak of one upload. scripts/run.mjs says the same.
 */
const NODE_FLAGS: Readonly<Record<string, readonly string[]>> = { public: ['--max-semi-space-size=1'] };

const READY_POLL_MS = 50;
const PROBE_DEADLINE_MS = 5_000;

function roleChild({ role, name, port, data, env }: RoleChild): ChildSpec {
  const fd = openLogFile(join(data, 'logs'), `${name}.jsonl`);
  const settings = { MILLRACE_NODE: name, MILLRACE_DATA: data, MILLRACE_PORT: String(port), ...env };
  const environment = { ...withoutSettings(process.env), ...texts(settings) };
  const health = `http://${env.MILLRACE_HOST ?? '127.0.0.1'}:${port}/health`;
  return {
    name,
    // Detached: Ctrl-C in a terminal reaches the supervisor alone, which then ends its children in order. The channel
    // tells the child when the supervisor is gone.
    spawn: () =>
      spawn(process.execPath, [...(NODE_FLAGS[role] ?? []), join(import.meta.dirname, 'cli.ts'), role], {
        env: environment,
        stdio: ['ignore', fd, fd, 'ipc'],
        detached: true,
      }),
    async ready(signal) {
      while (!(await isHealthy(health))) await delay(READY_POLL_MS, undefined, { signal });
    },
    stopSignal: 'SIGTERM',
  };
}

const isHealthy = (url: string): Promise<boolean> =>
  fetch(url, { signal: AbortSignal.timeout(PROBE_DEADLINE_MS) }).then(
    (response) => response.ok,
    () => false,
  );

/** A child sees only the settings that are meant for it: a worker has no use for the database's address. */
const withoutSettings = (environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(
    Object.entries(environment).filter(([name]) => !name.startsWith('MILLRACE_') || name === 'MILLRACE_LOG_LEVEL'),
  );

const texts = (settings: Record<string, unknown>): NodeJS.ProcessEnv =>
  Object.fromEntries(
    Object.entries(settings).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
  );

const storeKeys = ({ MILLRACE_STORE_ACCESS_KEY, MILLRACE_STORE_SECRET_KEY }: Config): Settings => ({
  MILLRACE_STORE_ACCESS_KEY,
  MILLRACE_STORE_SECRET_KEY,
});

function edgeCount({ MILLRACE_EDGES: edges, MILLRACE_EDGE_PUBLIC_URLS: publicUrls }: Config): number {
  if (publicUrls !== undefined)
    throw new ConfigError(
      'MILLRACE_EDGE_PUBLIC_URLS: the edges of "up" listen to this machine alone; it is for a router',
    );
  if (!/^\d{1,2}$/.test(edges) || edges === '0')
    throw new ConfigError('MILLRACE_EDGES: must be a number from 1 to 99 for "up"');
  return Number(edges);
}

async function freePorts(count: number): Promise<number[]> {
  return Promise.all(Array.from({ length: count }, () => freePort()));
}
