import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { hasApiKeys } from '../adapters/api-keys.ts';
import type { LogEvent } from '../domain/log-events.ts';
import type { Log } from '../lib/log.ts';
import { type Config, ConfigError } from './config.ts';
import { assertGuarded } from './guard-listening.ts';
import { claimInstance, findInstance } from './instance.ts';
import { instanceGroups, postgresChild } from './instance-children.ts';
import { lastLinesOf, openLogFile, watchLogSizes } from './log-files.ts';
import { logTo, openStore, systemClock } from './parts.ts';
import { keepSecret } from './secret.ts';
import { type ChildSpec, type Supervised, supervise } from './supervise.ts';
import { withDatabase } from './with-database.ts';

/** Runs every role of the platform on this machine, each as a process of its own, until it is told to stop. */
export async function up(config: Config): Promise<void> {
  const data = resolve(config.MILLRACE_DATA);
  const url = publicUrl(config);
  const stop = listenForStop();
  const claim = await claimInstance(data, url, stop.ask);
  if (!claim) return sayRunning(data);
  try {
    await runInstance({ ...config, MILLRACE_DATA: data }, url, stop);
  } finally {
    await claim.release();
  }
  console.log('Millrace has stopped.');
}

async function runInstance(config: Config, url: string, stop: Stop): Promise<void> {
  const startedMs = systemClock.nowMs();
  const instance = await openInstance(config.MILLRACE_DATA, stop.signal);
  const starting = startAll(instance, config);
  try {
    await Promise.race([starting, stop.asked]);
    if (!stop.signal.aborted) sayReady(instance, url, systemClock.nowMs() - startedMs);
    await stop.asked;
  } finally {
    await stopAll(instance);
    // A start that was cut short may still be making the cluster, or ending what is stale; no child comes of it any more.
    await Promise.allSettled([starting]);
  }
}

type Instance = {
  readonly log: Log<LogEvent>;
  readonly data: string;
  /** In the order of starting. */
  readonly groups: Supervised[][];
  /** Nothing is started any more. */
  readonly stopping: AbortSignal;
  readonly stopWatching: () => void;
};

async function openInstance(data: string, stopping: AbortSignal): Promise<Instance> {
  const logs = join(data, 'logs');
  await mkdir(logs, { recursive: true });
  const log = logTo({ fd: openLogFile(logs, 'up.jsonl'), role: 'up', node: 'up' });
  const stopWatching = watchLogSizes(logs, (err) => log.warn('log_not_moved', { err }));
  return { log, data, groups: [], stopping, stopWatching };
}

async function startAll(instance: Instance, config: Config): Promise<void> {
  await checkStore(config);
  const secret = await keepSecret(config, instance.data);
  const settings = { ...config, MILLRACE_SECRET: secret };
  if (settings.MILLRACE_DATABASE_URL === undefined) {
    const postgres = await postgresChild(instance.data);
    await startGroup(instance, [postgres.child]);
    Object.assign(settings, { MILLRACE_DATABASE_URL: postgres.databaseUrl });
  }
  await assertGuarded(settings, () => withDatabase(settings, hasApiKeys));
  const groups = (await instanceGroups(settings)).map((specs) => startGroup(instance, specs));
  await Promise.all(groups);
}

async function startGroup({ groups, log, data, stopping }: Instance, specs: readonly ChildSpec[]): Promise<void> {
  stopping.throwIfAborted();
  const children = specs.map((spec) => supervise(spec, log, systemClock.nowMs));
  groups.push(children);
  await Promise.all(
    children.map(({ name, ready }) =>
      ready.catch((cause) => {
        const said = lastLinesOf(join(data, 'logs'), name).join('\n');
        throw new Error(`${name} did not become healthy. The last lines of its log:\n${said}`, { cause });
      }),
    ),
  );
}

/** In the reverse order of starting: who needs others ends before them. */
async function stopAll({ groups, stopWatching }: Instance): Promise<void> {
  for (const group of [...groups].reverse()) await Promise.all(group.map((child) => child.stop()));
  stopWatching();
}

const DEFAULT_PORT = 8080;

function publicUrl({ MILLRACE_HOST: host, MILLRACE_PORT: port = DEFAULT_PORT }: Config): string {
  const name = host === '127.0.0.1' ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  return `http://${name}:${port}`;
}

function listenForStop() {
  const controller = new AbortController();
  const asked = new Promise<void>((done) => controller.signal.addEventListener('abort', () => done(), { once: true }));
  const ask = (): void => controller.abort();
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, ask);
  return { ask, asked, signal: controller.signal };
}

type Stop = ReturnType<typeof listenForStop>;

/** Storage trouble is said now, in one line, and not when a job runs. @throws ConfigError */
async function checkStore(config: Config): Promise<void> {
  try {
    await (await openStore(config)).check();
  } catch (cause) {
    throw new ConfigError(`MILLRACE_STORE: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

function sayReady({ log, data }: Instance, url: string, elapsedMs: number): void {
  const seconds = Number((elapsedMs / 1000).toFixed(1));
  log.info('instance_ready', { url, seconds });
  console.log(`Millrace is ready at ${url} after ${seconds} s. Logs: ${join(data, 'logs')}`);
}

async function sayRunning(data: string): Promise<void> {
  const running = await findInstance(data);
  console.log(
    running ? `Millrace is running already at ${running.url} (pid ${running.pid}).` : 'Millrace is starting already.',
  );
}
