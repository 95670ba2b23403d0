import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { openObjectStore } from '../../src/adapters/open-object-store.ts';
import type { Database } from '../../src/adapters/postgres.ts';
import type { ObjectStore } from '../../src/domain/ports.ts';
import { freePort } from '../../src/lib/listen.ts';
import { KillableDatabase } from './killable-database.ts';
import { Line } from './line.ts';
import { RoleProcess } from './role-process.ts';
import { StoreFolder } from './store-folder.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const CLI = join(ROOT, 'src/main/cli.ts');
const FAKE_WORKER = join(import.meta.dirname, 'fake-worker.ts');

/** Silence is noticed within it, and a machine that does much else does not make anybody look silent. */
const SHORT_LEASE_SECONDS = 3;
const RECONCILE_SECONDS = 1;
export const WORKER_TOKEN = 'a token of the fault tests';

export type StackOptions = {
  readonly orchestrators?: number;
  readonly workers?: number;
  /** `fake` takes a few milliseconds for a segment; `real` runs ffmpeg. */
  readonly encoder: 'fake' | 'real';
  readonly leaseSeconds?: number;
  readonly workerSettings?: NodeJS.ProcessEnv;
  readonly orchestratorSettings?: NodeJS.ProcessEnv;
};

/** A worker and the lines through which it reaches each orchestrator. */
export type StackWorker = { readonly process: RoleProcess; readonly lines: readonly Line[] };

/** Real PostgreSQL, orchestrators and workers as processes, and a store in files: everything that can break, once. */
export class Stack {
  readonly folder: string;
  readonly database: KillableDatabase;
  readonly store: StoreFolder;
  /** The test's own view of the store. */
  readonly objects: ObjectStore;
  readonly orchestrators: readonly RoleProcess[];
  readonly workers: readonly StackWorker[];

  private constructor(parts: Pick<Stack, 'folder' | 'database' | 'store' | 'objects' | 'orchestrators' | 'workers'>) {
    this.folder = parts.folder;
    this.database = parts.database;
    this.store = parts.store;
    this.objects = parts.objects;
    this.orchestrators = parts.orchestrators;
    this.workers = parts.workers;
  }

  static async start({ orchestrators = 2, workers = 3, ...options }: StackOptions): Promise<Stack> {
    const folder = await mkdtemp(join(tmpdir(), 'millrace-fault-'));
    await mkdir(join(folder, 'logs'));
    const [database, store] = await Promise.all([KillableDatabase.start(folder), StoreFolder.make(folder)]);
    const objects = await openObjectStore(store.url, {});
    const makes = new ProcessMaker(folder, { database: database.url, store: store.url }, options);
    const lending = await Promise.all(numbers(orchestrators).map((n) => makes.orchestrator(n)));
    const working = await Promise.all(numbers(workers).map((n) => makes.worker(n, lending)));
    const stack = new Stack({ folder, database, store, objects, orchestrators: lending, workers: working });
    await stack.heal();
    return stack;
  }

  get db(): Database {
    return this.database.db;
  }

  get processes(): RoleProcess[] {
    return [...this.orchestrators, ...this.workers.map((worker) => worker.process)];
  }

  logFile(name: string): string {
    return logFileOf(this.folder, name);
  }

  /** Whatever was broken works again, and only that is started. */
  async heal(): Promise<void> {
    await this.store.bringBack();
    for (const { lines } of this.workers) for (const line of lines) line.mend();
    for (const process of this.processes) process.thaw();
    await this.database.up();
    await Promise.all(this.processes.map((process) => process.up()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.processes.map((process) => process.kill()));
    for (const { lines } of this.workers) for (const line of lines) await line[Symbol.asyncDispose]();
    await this.database[Symbol.asyncDispose]();
    await rm(this.folder, { recursive: true, force: true });
  }
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);
const logFileOf = (folder: string, name: string): string => join(folder, 'logs', `${name}.jsonl`);

/** How each role is started: its command, its settings and its port, which it keeps over all its lives. */
class ProcessMaker {
  readonly #folder: string;
  readonly #common: NodeJS.ProcessEnv;
  readonly #databaseUrl: string;
  readonly #options: StackOptions;

  constructor(folder: string, urls: { database: string; store: string }, options: StackOptions) {
    const { PATH, HOME } = process.env;
    this.#options = options;
    this.#folder = folder;
    this.#databaseUrl = urls.database;
    this.#common = {
      ...{ PATH, HOME },
      // Processes are started hundreds of times: compiled once, which halves the CPU time of a start.
      NODE_COMPILE_CACHE: join(ROOT, '.cache/compiled'),
      MILLRACE_DATA: folder,
      MILLRACE_STORE: urls.store,
      MILLRACE_WORKER_TOKEN: WORKER_TOKEN,
    };
  }

  async orchestrator(n: number): Promise<RoleProcess> {
    return this.#role(`orchestrator-${n}`, [CLI, 'orchestrator'], {
      MILLRACE_DATABASE_URL: this.#databaseUrl,
      MILLRACE_LEASE_SECONDS: String(this.#options.leaseSeconds ?? SHORT_LEASE_SECONDS),
      MILLRACE_RECONCILE_SECONDS: String(RECONCILE_SECONDS),
      ...this.#options.orchestratorSettings,
    });
  }

  async worker(n: number, orchestrators: readonly RoleProcess[]): Promise<StackWorker> {
    const ports = orchestrators.map(({ url }) => Number(new URL(url).port));
    const lines = await Promise.all(ports.map((port) => Line.to(port)));
    const args = this.#options.encoder === 'fake' ? [FAKE_WORKER] : [CLI, 'worker'];
    const process = await this.#role(`worker-${n}`, args, {
      MILLRACE_ORCHESTRATOR_URL: lines.map((line) => line.url).join(','),
      ...this.#options.workerSettings,
    });
    return { process, lines };
  }

  async #role(name: string, args: readonly string[], settings: NodeJS.ProcessEnv): Promise<RoleProcess> {
    const port = await freePort();
    const env = { ...this.#common, MILLRACE_NODE: name, MILLRACE_PORT: String(port), ...settings };
    return new RoleProcess({
      name,
      args,
      env,
      logFile: logFileOf(this.#folder, name),
      url: `http://127.0.0.1:${port}`,
    });
  }
}
