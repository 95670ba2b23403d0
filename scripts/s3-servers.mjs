// Runs a command against real S3 servers, and always stops what it started:
//   node scripts/s3-servers.mjs -- node --test test/contract/s3-object-store.test.ts
// The command finds in MILLRACE_TEST_S3 the settings of the stores, separated by commas, and their one pair of keys in
// MILLRACE_TEST_S3_ACCESS_KEY and MILLRACE_TEST_S3_SECRET_KEY. Without a command it prints these and waits for Ctrl-C.
// A server that cannot run here is named with the reason; when none can, the exit is 1.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const PROJECT = fileURLToPath(new URL('..', import.meta.url));
const CEPH = join(PROJECT, 'test/servers/ceph-rgw.sh');
const BINARIES = join(PROJECT, '.cache/bin');
const KEYS = { access: 'millracetest', secret: 'millrace-test-secret' };

/** Installing Ceph takes some 80 s, building MinIO some minutes on few cores. */
const CEPH_DEADLINE_MS = 10 * 60_000;
const BUILD_DEADLINE_MS = 30 * 60_000;
const READY_DEADLINE_MS = 60_000;
const STOP_DEADLINE_MS = 10_000;
const POLL_MS = 200;

const command = process.argv.slice(process.argv.indexOf('--') + 1 || process.argv.length);
const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stopping.abort());

const state = await mkdtemp(join(tmpdir(), 'millrace-s3-'));
/** What undoes each start, last started first. */
const undo = [() => rm(state, { recursive: true, force: true })];
try {
  process.exitCode = await runWithServers();
} finally {
  for (const stop of undo.reverse()) await stop();
}
if (stopping.signal.aborted) process.exitCode = 130;

async function runWithServers() {
  const stores = [];
  for (const [name, start] of [
    ['MinIO', startMinio],
    ['Ceph RGW', startCeph],
  ]) {
    if (stopping.signal.aborted) return 130;
    const startedMs = Date.now();
    try {
      stores.push(await start());
      say(`${name} answers after ${Math.round((Date.now() - startedMs) / 1000)} s`);
    } catch (error) {
      if (stopping.signal.aborted) return 130;
      say(`${name} could not be started: ${error.message}`);
    }
  }
  if (stores.length === 0) {
    say('no S3 server could be started');
    return 1;
  }
  const settings = {
    MILLRACE_TEST_S3: stores.join(','),
    MILLRACE_TEST_S3_ACCESS_KEY: KEYS.access,
    MILLRACE_TEST_S3_SECRET_KEY: KEYS.secret,
  };
  if (command.length > 0) return run(command, { env: settings, stdio: 'inherit' });
  for (const [name, value] of Object.entries(settings)) console.log(`${name}='${value}'`);
  await untilStopped();
  return 0;
}

async function startMinio() {
  const binary = await minioBinary();
  const port = await freePort();
  const log = await open(join(state, 'minio.log'), 'w');
  const args = ['server', join(state, 'minio'), '--address', `127.0.0.1:${port}`, '--certs-dir', join(state, 'certs')];
  const env = { ...process.env, MINIO_ROOT_USER: KEYS.access, MINIO_ROOT_PASSWORD: KEYS.secret, MINIO_BROWSER: 'off' };
  const server = spawn(binary, args, { env, stdio: ['ignore', log.fd, log.fd], detached: true });
  const exited = new Promise((resolve) => server.once('close', resolve).once('error', resolve));
  undo.push(
    () => stopServer(server, exited),
    () => log.close(),
  );
  const deadlineMs = Date.now() + READY_DEADLINE_MS;
  while (!(await answersOk(`http://127.0.0.1:${port}/minio/health/ready`))) {
    const isOver = server.exitCode !== null || server.pid === undefined || Date.now() > deadlineMs;
    if (isOver) throw new Error(`it did not come up: ${await lastLine(join(state, 'minio.log'))}`);
    await wait(POLL_MS, undefined, { signal: stopping.signal });
  }
  return storeUrl('millrace-minio', port);
}

/** Built once into .cache; its makers publish no current binaries any more. */
async function minioBinary() {
  const binary = join(BINARIES, 'minio');
  if (existsSync(binary)) return binary;
  if (spawnSync('go', ['version']).status !== 0) throw new Error('there is no go to build it with');
  say('building MinIO, which takes some minutes');
  const build = ['go', 'install', 'github.com/minio/minio@latest'];
  const status = await run(build, {
    env: { GOBIN: BINARIES },
    stdio: ['ignore', 'ignore', 'inherit'],
    deadlineMs: BUILD_DEADLINE_MS,
  });
  if (status !== 0) throw new Error(`its build ended with ${status}`);
  return binary;
}

async function startCeph() {
  const port = await freePort();
  const monPort = await freePort();
  const env = {
    S3_DIR: join(state, 'ceph'),
    S3_PORT: String(port),
    S3_MON_PORT: String(monPort),
    S3_ACCESS_KEY: KEYS.access,
    S3_SECRET_KEY: KEYS.secret,
  };
  undo.push(
    () => void spawnSync(CEPH, ['down'], { env: { ...process.env, ...env }, stdio: 'inherit', detached: true }),
  );
  const log = join(state, 'ceph.log');
  const output = await open(log, 'w');
  const status = await run([CEPH, 'up'], {
    env,
    stdio: ['ignore', output.fd, output.fd],
    deadlineMs: CEPH_DEADLINE_MS,
    detached: true,
  });
  await output.close();
  if (status !== 0) throw new Error(await lastLine(log));
  return storeUrl('millrace-ceph', port);
}

/** Runs a program to its end; Ctrl-C and the deadline end it early. Answers its exit status. */
function run([program, ...args], { env, deadlineMs, ...options }) {
  const signals = [stopping.signal, ...(deadlineMs ? [AbortSignal.timeout(deadlineMs)] : [])];
  const child = spawn(program, args, { cwd: PROJECT, ...options, env: { ...process.env, ...env } });
  const stop = () => (options.detached ? endGroup(child, 'SIGTERM') : child.kill('SIGTERM'));
  for (const signal of signals) signal.addEventListener('abort', stop);
  return new Promise((resolve) => {
    child.once('error', (error) => {
      say(`${program}: ${error.message}`);
      resolve(127);
    });
    child.once('close', (status) => resolve(status ?? 1));
  }).finally(() => {
    for (const signal of signals) signal.removeEventListener('abort', stop);
    if (options.detached) endGroup(child, 'SIGKILL');
  });
}

/** A script's shell would wait for what it runs, or leave it behind: so its whole group is ended. */
function endGroup(child, signal) {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

async function stopServer(server, exited) {
  if (server.pid === undefined) return;
  server.kill('SIGTERM');
  const late = setTimeout(() => server.kill('SIGKILL'), STOP_DEADLINE_MS);
  await exited;
  clearTimeout(late);
}

function untilStopped() {
  const alive = setInterval(() => {}, 60_000);
  return new Promise((resolve) => stopping.signal.addEventListener('abort', resolve)).finally(() =>
    clearInterval(alive),
  );
}

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

async function answersOk(url) {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(2_000) })).ok;
  } catch {
    return false; // Not yet: the caller's deadline decides.
  }
}

async function lastLine(file) {
  const lines = (await readFile(file, 'utf8')).trim().split('\n');
  return lines.at(-1) || 'it said nothing';
}

function storeUrl(bucket, port) {
  const endpoint = encodeURIComponent(`http://127.0.0.1:${port}`);
  return `s3://${bucket}?endpoint=${endpoint}&region=us-east-1&forcePathStyle=true`;
}

function say(line) {
  console.error(`s3-servers: ${line}`);
}
