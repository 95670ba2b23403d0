/**
 * Two edges behind the router, behind nginx and (where installed) behind HAProxy, each hashing the address onto them; by
 * turns, with wrk, and for the time to the first byte with bench/first-byte.ts. Where taskset is installed the proxy has one core and everything else the other. The proxy's CPU
 * time per answer is the figure that other work on the machine disturbs least.
 *
 *   node bench/route.ts [--rounds 3] [--seconds 4] [--connections 64]
 */
import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs, promisify } from 'node:util';
import { openFileObjectStore } from '../src/adapters/file-object-store.ts';
import { segmentKey } from '../src/domain/object-keys.ts';
import { freePort } from '../src/lib/listen.ts';
import { publishVideo, SECRET, VIDEO } from '../test/fakes/playable-video.ts';

const run = promisify(execFile);
const SIZES = { '2 KiB': 2 << 10, '200 KiB': 200 << 10, '1 MiB': 1 << 20, '4 MiB': 4 << 20 };
const CLI = join(import.meta.dirname, '../src/main/cli.ts');
const READY_DEADLINE_MS = 30_000;
const POLL_MS = 50;
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '4' },
    connections: { type: 'string', default: '64' },
  },
});
const has = (program: string): boolean => spawnSync('which', [program]).status === 0;
const onCore = (core: number): string[] => (has('taskset') ? ['taskset', '-c', String(core)] : []);

const folder = await mkdtemp(join(tmpdir(), 'millrace-bench-'));
await using owned = new AsyncDisposableStack();
owned.defer(() => rm(folder, { recursive: true, force: true }));

const store = await openFileObjectStore(join(folder, 'objects'));
await publishVideo(store);
for (const [i, bytes] of Object.values(SIZES).entries()) {
  const key = segmentKey({ videoId: VIDEO, generation: 1, rendition: 'v1080', segment: i });
  await store.put(key, Buffer.alloc(bytes, i + 1), { contentType: 'video/iso.segment' });
}
const [edgeA, edgeB, routerPort, nginxPort, haproxyPort] = await Promise.all([
  freePort(),
  freePort(),
  freePort(),
  freePort(),
  freePort(),
]);
for (const port of [edgeA, edgeB]) start([...onCore(1), process.execPath, CLI, 'edge'], millrace(port));
const edges = { MILLRACE_EDGES: `a=http://127.0.0.1:${edgeA},b=http://127.0.0.1:${edgeB}` };
const proxies: { name: string; port: number; process: ChildProcess }[] = [];
const router = start([...onCore(0), process.execPath, CLI, 'router'], { ...millrace(routerPort), ...edges });
proxies.push({ name: 'Millrace router', port: routerPort, process: router });
await writeFile(join(folder, 'nginx.conf'), nginxConf());
const nginx = start([...onCore(0), 'nginx', '-p', folder, '-c', join(folder, 'nginx.conf')], {});
proxies.push({ name: 'nginx', port: nginxPort, process: nginx });
if (has('haproxy')) {
  await writeFile(join(folder, 'haproxy.cfg'), haproxyConf());
  const haproxy = start([...onCore(0), 'haproxy', '-f', join(folder, 'haproxy.cfg')], {});
  proxies.push({ name: 'HAProxy', port: haproxyPort, process: haproxy });
}

for (const port of [edgeA, edgeB, routerPort]) await answering(`http://127.0.0.1:${port}/health`);
const began = await fetch(`http://127.0.0.1:${routerPort}/play/${VIDEO}/index.m3u8`, { redirect: 'manual' });
const session = began.headers.get('location')?.replace(/\/index\.m3u8$/, '') ?? '';
for (const { port } of proxies) await answering(`http://127.0.0.1:${port}${session}/index.m3u8`);

type Figures = {
  perSecond: number;
  p99Ms: number;
  cpuMsPerAnswer: number;
  firstByteP50Ms: number;
  firstByteP99Ms: number;
};
const figures = new Map<string, Figures[]>();
console.log(`load ${loadavg()[0]?.toFixed(1)}; ${values.connections} connections, ${values.seconds} s each`);
console.log('| object | proxy | answers/s | p99 ms | CPU ms | own ÷ its | first byte p50 ms | p99 ms | own ÷ its |');
console.log('|---|---|---|---|---|---|---|---|---|');
for (let round = 0; round <= Number(values.rounds); round++)
  for (const [i, size] of Object.keys(SIZES).entries())
    for (const proxy of proxies) {
      const found = await measure(proxy, `${session}/g1/v1080/00000${i}.m4s`, round === 0 ? '1' : values.seconds);
      // The first round warms caches and compilers.
      if (round > 0) figures.set(`${size} ${proxy.name}`, [...(figures.get(`${size} ${proxy.name}`) ?? []), found]);
    }
for (const size of Object.keys(SIZES)) {
  const of = (name: string) => median(figures.get(`${size} ${name}`) ?? []);
  const own = of('Millrace router');
  for (const { name } of proxies) {
    const { perSecond, p99Ms, cpuMsPerAnswer, firstByteP50Ms, firstByteP99Ms } = of(name);
    const cells = [
      size,
      name,
      perSecond.toFixed(0),
      p99Ms.toFixed(1),
      cpuMsPerAnswer.toFixed(3),
      (own.perSecond / perSecond).toFixed(2),
      firstByteP50Ms.toFixed(1),
      firstByteP99Ms.toFixed(1),
      (own.firstByteP99Ms / firstByteP99Ms).toFixed(2),
    ];
    console.log(`| ${cells.join(' | ')} |`);
  }
}
console.log(`router's peak memory: ${(await peakBytes(router.pid ?? 0)) >> 20} MiB; load ${loadavg()[0]?.toFixed(1)}`);

async function measure(proxy: (typeof proxies)[number], path: string, seconds: string): Promise<Figures> {
  const before = await cpuMs(proxy.process.pid ?? 0);
  const [program = '', ...args] = [
    ...onCore(1),
    'wrk',
    '-t1',
    `-c${values.connections}`,
    `-d${seconds}s`,
    '--latency',
    '--timeout',
    '30s',
  ];
  const { stdout } = await run(program, [...args, `http://127.0.0.1:${proxy.port}${path}`]);
  if (/Non-2xx|Socket errors/.test(stdout)) throw new Error(`${proxy.name}: ${stdout}`);
  const cpu = (await cpuMs(proxy.process.pid ?? 0)) - before;
  const answers = Number(/(\d+) requests in/.exec(stdout)?.[1]);
  const [, p99 = '0', unit = 'ms'] = /99%\s+([\d.]+)(us|ms|s)/.exec(stdout) ?? [];
  const p99Ms = Number(p99) * ({ us: 0.001, ms: 1, s: 1000 }[unit] ?? 1);
  const perSecond = Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]);
  return { perSecond, p99Ms, cpuMsPerAnswer: cpu / answers, ...(await firstByte(proxy, path, seconds)) };
}

async function firstByte({ port }: (typeof proxies)[number], path: string, seconds: string) {
  const script = join(import.meta.dirname, 'first-byte.ts');
  const options = ['--connections', values.connections, '--seconds', seconds];
  const [program = '', ...args] = [
    ...onCore(1),
    process.execPath,
    script,
    `http://127.0.0.1:${port}${path}`,
    ...options,
  ];
  const found = JSON.parse((await run(program, args)).stdout) as { p50Ms: number; p99Ms: number };
  return { firstByteP50Ms: found.p50Ms, firstByteP99Ms: found.p99Ms };
}

/** Each figure's own median. */
function median(of: readonly Figures[]): Figures {
  const middle = (name: keyof Figures): number => of.map((one) => one[name]).sort((a, b) => a - b)[of.length >> 1] ?? 0;
  return {
    perSecond: middle('perSecond'),
    p99Ms: middle('p99Ms'),
    cpuMsPerAnswer: middle('cpuMsPerAnswer'),
    firstByteP50Ms: middle('firstByteP50Ms'),
    firstByteP99Ms: middle('firstByteP99Ms'),
  };
}

/** Of a process and its children; 100 ticks a second are all Linux machines' setting. */
async function cpuMs(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const children = await readdir(`/proc/${pid}/task`).then(async (threads) =>
    Promise.all(threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/children`, 'utf8'))),
  );
  const own = (Number(fields[11]) + Number(fields[12])) * 10;
  const below = await Promise.all((children.join(' ').match(/\d+/g) ?? []).map((child) => cpuMs(Number(child))));
  return below.reduce((sum, ms) => sum + ms, own);
}

async function peakBytes(pid: number): Promise<number> {
  return Number(/VmHWM:\s+(\d+) kB/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
}

function millrace(port: number): NodeJS.ProcessEnv {
  return {
    MILLRACE_PORT: String(port),
    MILLRACE_DATA: folder,
    MILLRACE_STORE: `file:${join(folder, 'objects')}`,
    MILLRACE_SECRET: SECRET,
    MILLRACE_EDGE_DISK_BYTES: '0',
    MILLRACE_LOG_LEVEL: 'warn',
  };
}

function start([program = '', ...args]: string[], settings: NodeJS.ProcessEnv): ChildProcess {
  const { PATH, HOME } = process.env;
  const child = spawn(program, args, { env: { PATH, HOME, ...settings }, stdio: ['ignore', 'ignore', 'inherit'] });
  owned.defer(() => void child.kill('SIGTERM'));
  return child;
}

async function answering(url: string): Promise<void> {
  const deadline = AbortSignal.timeout(READY_DEADLINE_MS);
  const ok = (): Promise<boolean> =>
    fetch(url)
      .then((answer) => answer.ok)
      .catch(() => false);
  while (!(await ok())) await delay(POLL_MS, undefined, { signal: deadline });
}

/** With the settings that suit it: large buffers, no temporary files, connections kept. */
function nginxConf(): string {
  return `worker_processes 1; daemon off; pid nginx.pid; error_log stderr error;
events { worker_connections 4096; }
http {
  access_log off; keepalive_requests 1000000;
  upstream edges {
    hash $uri consistent; server 127.0.0.1:${edgeA}; server 127.0.0.1:${edgeB};
    keepalive 256; keepalive_requests 1000000;
  }
  server {
    listen 127.0.0.1:${nginxPort};
    location / {
      proxy_pass http://edges; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_max_temp_file_size 0; proxy_buffer_size 16k; proxy_buffers 8 64k; proxy_busy_buffers_size 128k;
    }
  }
}
`;
}

function haproxyConf(): string {
  return `global
  nbthread 1
  maxconn 8192
defaults
  mode http
  timeout connect 1s
  timeout client 60s
  timeout server 60s
listen play
  bind 127.0.0.1:${haproxyPort}
  balance uri whole
  hash-type consistent
  http-reuse always
  server a 127.0.0.1:${edgeA}
  server b 127.0.0.1:${edgeB}
`;
}
