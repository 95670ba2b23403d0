import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { findEmbeddedPostgres, prepareEmbeddedPostgres } from '../adapters/embedded-postgres.ts';
import { type Database, openDatabase } from '../adapters/postgres.ts';
import { freePort } from '../lib/listen.ts';
import { type Config, ConfigError } from './config.ts';
import { claimInstance, findInstance } from './instance.ts';
import { openLogFile } from './log-files.ts';

/** Starting after a crash replays what was not written yet. */
const START_DEADLINE_MS = 60_000;
const STOP_DEADLINE_MS = 20_000;

/**
 * Work on the database of the settings: the one that they name, that of the instance that runs on the data folder, or
 * else the embedded one, which then runs for as long as the work does.
 */
export async function withDatabase<T>(config: Config, work: (db: Database) => Promise<T>): Promise<T> {
  if (config.MILLRACE_DATABASE_URL !== undefined) return onDatabase(config.MILLRACE_DATABASE_URL, work);
  const data = resolve(config.MILLRACE_DATA);
  if (!(await findInstance(data))) return withOwnDatabase(data, work);
  const url = await findEmbeddedPostgres(join(data, 'postgres'));
  if (url === undefined) throw new ConfigError(`The instance on ${data} runs without its PostgreSQL just now.`);
  return onDatabase(url, work);
}

async function onDatabase<T>(url: string, work: (db: Database) => Promise<T>): Promise<T> {
  // A connection that breaks while it is used fails its statement, which says so.
  // What a command reads or writes beside it, a file on a slow disk, may keep a transaction waiting for longer.
  const db = openDatabase(url, () => {}, { silenceMs: 0 });
  try {
    return await work(db);
  } finally {
    await db.destroy();
  }
}

/** Claims the data folder like an instance, so that none starts meanwhile. */
async function withOwnDatabase<T>(data: string, work: (db: Database) => Promise<T>): Promise<T> {
  const claim = await claimInstance(data, 'http://localhost', () => {});
  if (!claim) throw new ConfigError(`An instance is just starting on ${data}.`);
  try {
    await mkdir(join(data, 'logs'), { recursive: true });
    const fd = openLogFile(join(data, 'logs'), 'postgres.log');
    const postgres = await prepareEmbeddedPostgres(join(data, 'postgres'), await freePort());
    const server = postgres.spawn(fd);
    const ended = once(server, 'exit');
    try {
      await postgres.ready(AbortSignal.timeout(START_DEADLINE_MS));
      return await onDatabase(postgres.databaseUrl, work);
    } finally {
      server.kill('SIGINT');
      const killer = setTimeout(() => server.kill('SIGKILL'), STOP_DEADLINE_MS);
      await ended;
      clearTimeout(killer);
    }
  } finally {
    await claim.release();
  }
}
