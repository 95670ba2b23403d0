/**
 * 1 GiB over loopback into the file-system store, by tus and plain, beside `@tus/server` with `@tus/file-store` and,
 * where its program is in .cache/bin, tusd. All by turns. Then the peak memory with many uploads at once.
 *
 *   node bench/upload.ts [--rounds 3] [--mib 1024] [--parallel 20] [--parallel-mib 200]
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { freePort } from '../src/lib/listen.ts';
import { startDatabase } from '../test/support/database.ts';

const MiB = 1024 * 1024;
const ROOT = join(import.meta.dirname, '..');
const TUSD = join(ROOT, '.cache/bin/tusd');
const VERSION = { 'Tus-Resumable': '1.0.0' };
const WARM_UP_MIB = 64;
const READY_DEADLINE_MS = 60_000;
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    mib: { type: 'string', default: '1024' },
    parallel: { type: 'string', default: '20' },
    'parallel-mib': { type: 'string', default: '200' },
  },
});

const folder = await mkdtemp(join(tmpdir(), 'millrace-bench-'));
await using owned = new AsyncDisposableStack();
owned.defer(() => rm(folder, { recursive: true, force: true }));
const database = owned.use(await startDatabase());
const millrace = await startMillrace();
const files = join(folder, 'files');
await mkdir(files);
const contenders: { name: string; send: (bytes: number) => Promise<number> }[] = [
  { name: 'Millrace, tus', send: (bytes) => sendTus(`${millrace.url}/uploads`, bytes) },
  { name: 'Millrace, plain', send: (bytes) => sendPlain(`${millrace.url}/upload?filename=a.mp4`, bytes) },
  {
    name: '@tus/server',
    send: await peer(process.execPath, (port) => [join(import.meta.dirname, 'tus-peer.ts'), files, port]),
  },
];
if (existsSync(TUSD))
  contenders.push({
    name: 'tusd',
    send: await peer(TUSD, (port) => ['-host', '127.0.0.1', '-port', port, '-upload-dir', files]),
  });

const seconds = new Map(contenders.map(({ name }) => [name, [] as number[]]));
for (let round = 0; round <= Number(values.rounds); round++)
  for (const { name, send } of contenders) {
    // The first round only warms up.
    const took = await send((round === 0 ? WARM_UP_MIB : Number(values.mib)) * MiB);
    if (round > 0) seconds.get(name)?.push(took);
    await forget();
  }
for (const [name, all] of seconds)
  console.log(`${name}: ${all.map((took) => took.toFixed(2)).join(', ')} s, median ${median(all).toFixed(2)}`);
const peers = [...seconds].filter(([name]) => !name.startsWith('Millrace')).map(([, all]) => median(all));
const fastest = Math.min(...peers);
for (const name of ['Millrace, tus', 'Millrace, plain'])
  console.log(`${name} to the fastest peer: ${(median(seconds.get(name) ?? []) / fastest).toFixed(2)} of its time`);

for (const kind of ['tus', 'plain'] as const) {
  await millrace.restart();
  const bytes = Number(values['parallel-mib']) * MiB;
  const to = kind === 'tus' ? `${millrace.url}/uploads` : `${millrace.url}/upload?filename=a.mp4`;
  const send = kind === 'tus' ? sendTus : sendPlain;
  const idle = await peakMiB(millrace.pid());
  await Promise.all(Array.from({ length: Number(values.parallel) }, () => send(to, bytes)));
  console.log(
    `${values.parallel} at once, ${kind}: peak ${await peakMiB(millrace.pid())} MiB resident (${idle} at rest)`,
  );
  await forget();
}

function median(all: readonly number[]): number {
  return all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)] ?? Number.NaN;
}

async function startMillrace() {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const env = {
    PATH: process.env.PATH,
    MILLRACE_PORT: String(port),
    MILLRACE_DATA: folder,
    MILLRACE_DATABASE_URL: database.url,
    MILLRACE_LOG_LEVEL: 'error',
  };
  let child: ChildProcess;
  const start = async (): Promise<void> => {
    // As `millrace up` starts it.
    child = spawn(process.execPath, ['--max-semi-space-size=1', join(ROOT, 'src/main/cli.ts'), 'upload-api'], {
      env,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    await listens(`${url}/uploads`);
  };
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await once(child, 'exit');
  };
  await start();
  owned.defer(stop);
  return { url, pid: () => child.pid, restart: () => stop().then(start) };
}

async function peer(program: string, argsFor: (port: string) => string[]): Promise<(bytes: number) => Promise<number>> {
  const port = await freePort();
  const child = spawn(program, argsFor(String(port)), { stdio: 'ignore' });
  owned.defer(async () => {
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  await listens(`http://127.0.0.1:${port}/files/`);
  return (bytes) => sendTus(`http://127.0.0.1:${port}/files/`, bytes);
}

async function listens(url: string): Promise<void> {
  const endMs = performance.now() + READY_DEADLINE_MS;
  while (
    !(await fetch(url, { method: 'OPTIONS' }).then(
      () => true,
      () => false,
    ))
  ) {
    if (performance.now() > endMs) throw new Error(`${url} does not answer`);
    await delay(50);
  }
}

/** Random at the start of each block, so that no two uploads are the same, and cheap after: the sender must not be what is measured. */
function* body(bytes: number): Generator<Buffer> {
  const block = randomBytes(MiB);
  for (let left = bytes; left > 0; left -= block.length) {
    block.writeUInt32LE(left % 2 ** 32);
    yield Buffer.from(block.subarray(0, Math.min(left, block.length)));
  }
}

async function sendTus(url: string, bytes: number): Promise<number> {
  const startedMs = performance.now();
  const created = await fetch(url, { method: 'POST', headers: { ...VERSION, 'Upload-Length': String(bytes) } });
  const location = new URL(created.headers.get('location') ?? '', url).href;
  await send('PATCH', location, bytes, {
    ...VERSION,
    'Upload-Offset': '0',
    'Content-Type': 'application/offset+octet-stream',
  });
  return (performance.now() - startedMs) / 1000;
}

async function sendPlain(url: string, bytes: number): Promise<number> {
  const startedMs = performance.now();
  await send('POST', url, bytes, { 'Content-Type': 'video/mp4' });
  return (performance.now() - startedMs) / 1000;
}

async function send(method: string, url: string, bytes: number, headers: Record<string, string>): Promise<void> {
  const outgoing = request(url, { method, headers: { ...headers, 'Content-Length': String(bytes) } });
  const answered = once(outgoing, 'response');
  await pipeline(Readable.from(body(bytes), { objectMode: true, highWaterMark: 2 }), outgoing);
  const [answer] = await answered;
  answer.resume();
  await once(answer, 'end');
  if (answer.statusCode >= 300) throw new Error(`${method} ${url}: ${answer.statusCode}`);
}

/** The disk must not fill up. */
async function forget(): Promise<void> {
  const list = (await (await fetch(`${millrace.url}/videos?limit=100`)).json()) as { videos: { id: string }[] };
  for (const { id } of list.videos) await fetch(`${millrace.url}/videos/${id}`, { method: 'DELETE' });
  await rm(files, { recursive: true });
  await mkdir(files);
}

async function peakMiB(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1]) / 1024);
}
