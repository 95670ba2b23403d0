import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepareEmbeddedPostgres } from '../../src/adapters/embedded-postgres.ts';
import { migrate } from '../../src/adapters/migrate.ts';
import { type Database, openDatabase } from '../../src/adapters/postgres.ts';
import { freePort } from '../../src/lib/listen.ts';

export type TestDatabase = AsyncDisposable & { readonly url: string; readonly db: Database };

/** Making a cluster takes a second; a machine that is busy with other tests takes many. */
const READY_DEADLINE_MS = 60_000;
const KILL_AFTER_MS = 10_000;

/** A PostgreSQL of this test process alone, with the schema in place. */
export async function startDatabase(): Promise<TestDatabase> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-database-'));
  const logFile = join(folder, 'postgres.log');
  const logFd = openSync(logFile, 'a');
  const postgres = await prepareEmbeddedPostgres(join(folder, 'postgres'), await freePort());
  const server = postgres.spawn(logFd);
  const ended = once(server, 'exit');
  const stop = async (): Promise<void> => {
    server.kill('SIGINT');
    const killer = setTimeout(() => server.kill('SIGKILL'), KILL_AFTER_MS);
    await ended;
    clearTimeout(killer);
    closeSync(logFd);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await postgres.ready(AbortSignal.timeout(READY_DEADLINE_MS));
  } catch (cause) {
    const said = await readFile(logFile, 'utf8');
    await stop();
    throw new Error(`PostgreSQL did not start: ${said}`, { cause });
  }
  // Connections break when the server ends; a broken query fails its own test.
  const db = openDatabase(postgres.databaseUrl, () => {});
  await migrate(db);
  const dispose = async (): Promise<void> => {
    await db.destroy();
    await stop();
  };
  return { url: postgres.databaseUrl, db, [Symbol.asyncDispose]: dispose };
}
