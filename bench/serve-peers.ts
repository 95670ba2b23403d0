/** The servers of bench/serve.ts, each as one process on the first core, all with the same bytes. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { openObjectStore } from '../src/adapters/open-object-store.ts';
import type { SessionId, VideoId } from '../src/domain/ids.ts';
import { multivariantKey, segmentKey } from '../src/domain/object-keys.ts';
import { playbackToken } from '../src/domain/playback-token.ts';
import { freePort } from '../src/lib/listen.ts';
import { createTextSigner } from '../src/lib/sign-text.ts';

export type Contender = {
  readonly name: string;
  readonly urlOf: (bytes: number) => string;
  /** The process that serves; of nginx and Varnish, a child of the one that was started. */
  readonly pid: number;
};

const SECRET = 'a secret for the bench only';
const VIDEO = '0123456789abcdef' as VideoId;
const READY_DEADLINE_MS = 20_000;
const DAY_MS = 86_400_000;
const ROOT = join(import.meta.dirname, '..');
export const SERVER_CORE = '0';

/** Starts whatever is installed, and says what is not. The stack ends them all. */
export async function startContenders(folder: string, sizes: readonly number[], owned: AsyncDisposableStack) {
  const bodies = sizes.map((bytes) => ({ bytes, body: randomBytes(bytes) }));
  const www = join(folder, 'www');
  await mkdir(www);
  for (const { bytes, body } of bodies) await writeFile(join(www, `${bytes}.m4s`), body);
  const contenders = [await startEdge(folder, bodies, owned)];
  const lacking: string[] = [];
  if (isInstalled('nginx')) {
    const nginx = await startNginx('nginx, static', folder, staticSite(www), owned);
    contenders.push(nginx, await startNginx('nginx, proxy_cache', folder, cachingSite(nginx.port), owned));
    if (isInstalled('varnishd')) contenders.push(await startVarnish(folder, nginx.port, owned));
    else lacking.push('varnishd');
  } else lacking.push('nginx');
  return { contenders, lacking };
}

const isInstalled = (program: string): boolean =>
  ['/usr/sbin', '/usr/bin', '/usr/local/bin', '/usr/local/sbin'].some((path) => existsSync(join(path, program)));

/** The role itself, as it is run, with a file store and its log in a file. */
async function startEdge(
  folder: string,
  bodies: readonly { bytes: number; body: Buffer }[],
  owned: AsyncDisposableStack,
) {
  const store = await openObjectStore(`file:${join(folder, 'objects')}`);
  const contentType = 'video/iso.segment';
  await store.put(multivariantKey({ videoId: VIDEO }), Buffer.from('#EXTM3U\n'), { contentType });
  for (const { bytes, body } of bodies)
    await store.put(segmentKey({ videoId: VIDEO, generation: 1, rendition: `v${bytes}`, segment: 0 }), body, {
      contentType,
    });
  const port = await freePort();
  const env = {
    PATH: process.env.PATH,
    MILLRACE_DATA: folder,
    MILLRACE_PORT: String(port),
    MILLRACE_SECRET: SECRET,
    MILLRACE_NODE: 'edge-1',
  };
  const log = join(folder, 'edge.jsonl');
  const command = `exec "${process.execPath}" "${join(ROOT, 'src/main/cli.ts')}" edge > "${log}" 2>&1`;
  const child = start('sh', ['-c', command], env, owned);
  await answers(`http://127.0.0.1:${port}/health`, child);
  const session = { sessionId: 'abcdefgh12345678' as SessionId, videoId: VIDEO, expiresAtMs: Date.now() + DAY_MS };
  const path = `/play/${VIDEO}/${playbackToken(session, createTextSigner(SECRET).sign)}`;
  const urlOf = (bytes: number): string => `http://127.0.0.1:${port}${path}/g1/v${bytes}/000000.m4s`;
  return { name: 'Millrace edge', urlOf, pid: child.pid ?? 0 };
}

const staticSite = (www: string): string =>
  `root ${www}; open_file_cache max=100; add_header Access-Control-Allow-Origin *;`;

const cachingSite = (origin: number): string =>
  `location / { proxy_pass http://127.0.0.1:${origin}; proxy_cache all; proxy_cache_valid 200 1d; }`;

async function startNginx(name: string, folder: string, site: string, owned: AsyncDisposableStack) {
  const port = await freePort();
  const own = join(folder, `nginx-${port}`);
  await mkdir(join(own, 'cache'), { recursive: true });
  const config = `user root; daemon off; worker_processes 1; pid ${own}/pid; error_log ${own}/error.log;
events { worker_connections 4096; }
http {
  sendfile on; tcp_nopush on; keepalive_requests 100000000; access_log ${own}/access.log;
  proxy_cache_path ${own}/cache keys_zone=all:10m max_size=256m; proxy_temp_path ${own}/proxy; client_body_temp_path ${own}/body;
  server { listen 127.0.0.1:${port}; ${site} }
}`;
  await writeFile(join(own, 'nginx.conf'), config);
  const child = start('nginx', ['-p', own, '-c', join(own, 'nginx.conf')], process.env, owned);
  const urlOf = (bytes: number): string => `http://127.0.0.1:${port}/${bytes}.m4s`;
  await answers(urlOf(2000), child);
  return { name, urlOf, port, pid: workerOf(child, 'nginx') };
}

async function startVarnish(folder: string, origin: number, owned: AsyncDisposableStack): Promise<Contender> {
  const port = await freePort();
  const options = ['-F', '-a', `127.0.0.1:${port}`, '-b', `127.0.0.1:${origin}`, '-s', 'malloc,256m', '-t', '86400'];
  const child = start('varnishd', [...options, '-n', join(folder, 'varnish')], process.env, owned);
  const urlOf = (bytes: number): string => `http://127.0.0.1:${port}/${bytes}.m4s`;
  await answers(urlOf(2000), child);
  return { name: 'Varnish', urlOf, pid: workerOf(child, 'varnishd') };
}

function start(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  owned: AsyncDisposableStack,
): ChildProcess {
  const child = spawn('taskset', ['-c', SERVER_CORE, program, ...args], { env, stdio: 'ignore' });
  owned.defer(async () => {
    if (child.exitCode !== null) return;
    child.kill('SIGTERM');
    await Promise.race([once(child, 'exit'), delay(5_000)]);
    child.kill('SIGKILL');
  });
  return child;
}

async function answers(url: string, child: ChildProcess): Promise<void> {
  const end = performance.now() + READY_DEADLINE_MS;
  while (
    !(await fetch(url).then(
      (response) => response.ok,
      () => false,
    ))
  ) {
    if (performance.now() > end || child.exitCode !== null)
      throw new Error(`${child.spawnargs.join(' ')} does not answer`);
    await delay(100);
  }
}

/** taskset becomes the program; nginx and Varnish serve from its first child. */
function workerOf(child: ChildProcess, program: string): number {
  const children = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim().split(' ');
  const pid = Number(children[0]);
  if (!pid) throw new Error(`${program} has no worker`);
  return pid;
}
