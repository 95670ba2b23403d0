import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type EmbeddedPostgres, prepareEmbeddedPostgres } from '../../src/adapters/embedded-postgres.ts';
import { migrate } from '../../src/adapters/migrate.ts';
import { type Database, openDatabase } from '../../src/adapters/postgres.ts';
import { freePort } from '../../src/lib/listen.ts';

const READY_DEADLINE_MS = 60_000;
/** A server that finds the shared memory of the killed one still in use ends at once, and is started again. */
const TRY_MS = 5_000;

/** A real PostgreSQL that is killed and started again on the same folder and port. */
export class KillableDatabase {
  readonly url: string;
  /** The test's own view. What breaks while the server is away is asked again by the caller. */
  readonly db: Database;
  readonly #postgres: EmbeddedPostgres;
  readonly #logFile: string;
  #server: ChildProcess | undefined;

  private constructor(postgres: EmbeddedPostgres, logFile: string) {
    this.url = postgres.databaseUrl;
    this.db = openDatabase(this.url, () => {});
    this.#postgres = postgres;
    this.#logFile = logFile;
  }

  static async start(folder: string): Promise<KillableDatabase> {
    const postgres = await prepareEmbeddedPostgres(join(folder, 'postgres'), await freePort());
    const database = new KillableDatabase(postgres, join(folder, 'postgres.log'));
    await database.up();
    await migrate(database.db);
    return database;
  }

  get isRunning(): boolean {
    return this.#server !== undefined && this.#server.exitCode === null && this.#server.signalCode === null;
  }

  async up(): Promise<void> {
    const deadline = AbortSignal.timeout(READY_DEADLINE_MS);
    while (!(await this.#isReady(AbortSignal.any([deadline, AbortSignal.timeout(TRY_MS)])))) {
      deadline.throwIfAborted();
      if (!this.isRunning) this.#spawn();
    }
  }

  #spawn(): void {
    const fd = openSync(this.#logFile, 'a');
    this.#server = this.#postgres.spawn(fd);
    closeSync(fd);
  }

  async #isReady(signal: AbortSignal): Promise<boolean> {
    const server = this.#server;
    if (!server || !this.isRunning) return false;
    const answered = new AbortController();
    const ended = once(server, 'exit', { signal: answered.signal }).then(
      () => false,
      () => false,
    );
    const ready = this.#postgres.ready(AbortSignal.any([signal, answered.signal])).then(
      () => true,
      () => false,
    );
    try {
      return await Promise.race([ended, ready]);
    } finally {
      answered.abort();
    }
  }

  /** As a power cut: the server and all its backends at once. */
  async kill(): Promise<void> {
    const server = this.#server;
    if (!server?.pid || !this.isRunning) return;
    // Before anything is waited for: another call may kill it meanwhile.
    const gone = once(server, 'exit');
    const backends = await childrenOf(server.pid);
    server.kill('SIGKILL');
    for (const pid of backends) killIfThere(pid);
    await gone;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.db.destroy();
    await this.kill();
  }
}

/** Backends lead process groups of their own, so they are found by their parent. */
async function childrenOf(parent: number): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const parents = await Promise.all(pids.map(parentOf));
  return pids.filter((_, i) => parents[i] === parent);
}

async function parentOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
