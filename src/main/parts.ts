import { createHmac, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { openObjectStore } from '../adapters/open-object-store.ts';
import { shortIdFrom, type UploadId, type VideoId } from '../domain/ids.ts';
import type { LogEvent } from '../domain/log-events.ts';
import type { Clock, ObjectStore } from '../domain/ports.ts';
import { type Check, remembered } from '../lib/health.ts';
import { createLog, type Log, type LogOptions, type OnLine } from '../lib/log.ts';
import { type LogOutputOptions, logOutput } from '../lib/log-output.ts';
import { type Config, ConfigError } from './config.ts';

/** Parts that several roles are made of. */
export const PROJECT_ROOT = resolve(import.meta.dirname, '../..');

export const VERSION: string = JSON.parse(readFileSync(join(PROJECT_ROOT, 'package.json'), 'utf8')).version;

export const systemClock: Clock = { nowMs: () => Date.now() };

export const newVideoId = (): VideoId => shortIdFrom(randomBytes(10)) as VideoId;

export const newUploadId = (): UploadId => randomBytes(16).toString('hex') as UploadId;

/** An edge writes a line for each of thousands of requests a second. */
const EDGE_GATHER_MS = 20;

/** Standard output of a role. */
export function logOf(config: Config, role: string, onLine: OnLine): Log<LogEvent> {
  const gatherMs = role === 'edge' ? EDGE_GATHER_MS : undefined;
  return logTo({ fd: 1, gatherMs, role, node: nodeName(config, role), level: config.MILLRACE_LOG_LEVEL, onLine });
}

type LogTo = Omit<LogOutputOptions, 'onLost'> & Omit<LogOptions, 'destination'>;

export function logTo({ fd, gatherMs, ...options }: LogTo): Log<LogEvent> {
  const destination = logOutput({ fd, gatherMs, onLost: (lines) => log.warn('log_lines_lost', { lines }) });
  const log: Log<LogEvent> = createLog({ ...options, destination });
  return log;
}

/** Names this process in logs and as the holder of tasks. */
export const nodeName = (config: Config, role: string): string =>
  config.MILLRACE_NODE ?? `${role}-${hostname()}-${process.pid}`;

export const storeUrl = (config: Config): string =>
  config.MILLRACE_STORE ?? `file:${resolve(config.MILLRACE_DATA, 'objects')}`;

export async function openStore(config: Config): Promise<ObjectStore> {
  const { MILLRACE_STORE_ACCESS_KEY: accessKeyId, MILLRACE_STORE_SECRET_KEY: secretAccessKey } = config;
  const credentials = accessKeyId && secretAccessKey ? { credentials: { accessKeyId, secretAccessKey } } : {};
  return openObjectStore(storeUrl(config), credentials);
}

/** A round trip writes and deletes an object: often enough is every few seconds. */
const STORE_CHECK_KEPT_MS = 5_000;

export const storeCheck = (store: ObjectStore): Check =>
  remembered(async (signal) => void (await store.check(signal)), STORE_CHECK_KEPT_MS, systemClock.nowMs);

export const uptimeSeconds = (): number => process.uptime();

export function required<Name extends keyof Config>(config: Config, name: Name): NonNullable<Config[Name]> {
  const value = config[name];
  if (value === undefined) throw new ConfigError(`${name}: must be set for this role`);
  return value as NonNullable<Config[Name]>;
}

/** What workers say to an orchestrator to be let in. It tells nothing of the secret, which signs playback sessions. */
export const workerToken = (config: Config): string =>
  config.MILLRACE_WORKER_TOKEN ??
  createHmac('sha256', required(config, 'MILLRACE_SECRET')).update('worker-token').digest('hex');
