/**
 * Viewers play through a router while its three edges are killed, frozen and drained, and the store is taken away, one
 * after the other. A drained edge is ended once its sessions had time to move, which no viewer may notice. Told at the
 * end: what viewers met, whether each trouble of theirs is in the router's log, and memory and sockets of the router
 * over time. Ends with 1 where a body was wrong, a trouble went unlogged, a drain was noticed or a socket stayed.
 *
 *   node bench/soak.ts [--seconds 600] [--viewers 20] [--seed 1]
 */
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { Agent, get, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { openFileObjectStore } from '../src/adapters/file-object-store.ts';
import type { VideoId } from '../src/domain/ids.ts';
import { freePort } from '../src/lib/listen.ts';
import { createTextSigner } from '../src/lib/sign-text.ts';
import { DRAIN_PURPOSE } from '../src/serve/drain.ts';
import { publishVideo, SECRET } from '../test/fakes/playable-video.ts';
import { RoleProcess } from '../test/fault/role-process.ts';
import { seededChance } from '../test/fault/seeded-random.ts';
import { StoreFolder } from '../test/fault/store-folder.ts';

const CLI = join(import.meta.dirname, '../src/main/cli.ts');
const SEGMENT = Buffer.alloc(1 << 20);
for (let i = 0; i < SEGMENT.length; i += 4) SEGMENT.writeUInt32LE(Math.imul(i, 2654435761) >>> 0, i);
const DIGEST = createHash('sha256').update(SEGMENT).digest('hex');
const VIDEOS = Array.from({ length: 20 }, (_, i) => `0123456789abcd${String(i).padStart(2, '0')}` as VideoId);
const REQUEST_DEADLINE_MS = 30_000;
const SEGMENTS_PER_VIEWING = 20;
const PAUSE_MS = 200;
/** Beyond two probes of the router, so that it has heard of it. */
const DRAIN_MS = 3000;
const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '600' },
    viewers: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
  },
});
const chance = seededChance(Number(values.seed));

const folder = await mkdtemp(join(tmpdir(), 'millrace-soak-'));
await using owned = new AsyncDisposableStack();
owned.defer(() => rm(folder, { recursive: true, force: true }));
const store = await StoreFolder.make(folder);
for (const video of VIDEOS) await publishVideo(await openFileObjectStore(store.objects), video, SEGMENT);
const edges = await Promise.all(['edge-1', 'edge-2', 'edge-3'].map((name) => startRole('edge', name, {})));
const MILLRACE_EDGES = edges.map(({ name, url }) => `${name}=${url}`).join();
const router = await startRole('router', 'router', { MILLRACE_EDGES });
const agent = new Agent({ keepAlive: true });

const stopping = new AbortController();
const met = { whole: 0, refused: 0, broken: 0, wrong: 0 };
const drained = { times: 0, noticed: 0 };
const troubled = new Set<string>();
const samples: { rssMiB: number; sockets: number }[] = [];
const startedMs = performance.now();
const elapsed = (): number => (performance.now() - startedMs) / 1000;
const viewers = Array.from({ length: Number(values.viewers) }, () => view());
const watching = sampleAll();
await breakThings();
stopping.abort();
await Promise.all([...viewers, watching]);
agent.destroy();
await report();

/** Plays one video after the other. */
async function view(): Promise<void> {
  while (!stopping.signal.aborted) {
    const start = await fetchOnce(`/play/${chance.pick(VIDEOS)}/index.m3u8`).catch(() => undefined);
    const session = start?.location?.replace(/\/index\.m3u8$/, '');
    for (let i = 0; session && i < SEGMENTS_PER_VIEWING && !stopping.signal.aborted; i++) {
      await segment(session);
      await delay(PAUSE_MS);
    }
    if (!session) await delay(PAUSE_MS);
  }
}

async function segment(session: string): Promise<void> {
  const trouble = (kind: 'refused' | 'broken'): void => {
    met[kind]++;
    troubled.add(session.split('/')[3]?.split('.')[0] ?? '');
  };
  try {
    const { status, digest } = await fetchOnce(`${session}/g1/v360/000000.m4s`);
    if (status !== 200) trouble('refused');
    else if (digest === DIGEST) met.whole++;
    else met.wrong++;
  } catch {
    // A body that breaks off: what the router has to say of it is looked up at the end.
    trouble('broken');
  }
}

type Fetched = { status: number; digest: string; location: string | undefined };

async function fetchOnce(path: string): Promise<Fetched> {
  const options = { agent, signal: AbortSignal.timeout(REQUEST_DEADLINE_MS) };
  const response = await new Promise<IncomingMessage>((done, fail) =>
    get(`${router.url}${path}`, options, done).once('error', fail),
  );
  const hash = createHash('sha256');
  for await (const chunk of response) hash.update(chunk);
  return { status: response.statusCode ?? 0, digest: hash.digest('hex'), location: response.headers.location };
}

/** One trouble after the other, and sometimes two edges at once. */
async function breakThings(): Promise<void> {
  while (elapsed() < Number(values.seconds)) {
    const [one, two] = [chance.pick(edges), chance.pick(edges)];
    const what = chance.pick(['kill', 'freeze', 'terminate', 'both', 'store', 'drain'] as const);
    if (what === 'kill' || what === 'both') await one.kill();
    if (what === 'terminate') await one.terminate();
    if (what === 'drain') await drainAndEnd(one);
    if (what === 'freeze' || what === 'both') two.freeze();
    if (what === 'store') await store.takeAway();
    await delay(chance.between(1000, 5000));
    await store.bringBack();
    two.thaw();
    await Promise.all(edges.map((edge) => edge.up()));
    await delay(chance.between(1000, 4000));
  }
}

async function drainAndEnd(edge: RoleProcess): Promise<void> {
  const before = met.refused + met.broken;
  const authorization = `Bearer ${createTextSigner(SECRET).sign(DRAIN_PURPOSE)}`;
  const signal = AbortSignal.timeout(REQUEST_DEADLINE_MS);
  const { ok } = await fetch(`${edge.url}/drain`, { method: 'POST', headers: { authorization }, signal });
  if (!ok) throw new Error(`${edge.name} refuses to drain`);
  await delay(DRAIN_MS);
  await edge.terminate();
  drained.times++;
  drained.noticed += met.refused + met.broken - before;
}

async function sampleAll(): Promise<void> {
  while (!stopping.signal.aborted) {
    samples.push({ rssMiB: await rssMiB(router.pid), sockets: await socketsOf(router.pid) });
    await delay(1000);
  }
}

async function rssMiB(pid: number): Promise<number> {
  return Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

async function socketsOf(pid: number): Promise<number> {
  const fds = await readdir(`/proc/${pid}/fd`);
  const targets = await Promise.all(fds.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')));
  return targets.filter((target) => target.startsWith('socket:')).length;
}

async function report(): Promise<void> {
  const lines = (await readFile(join(folder, 'router.jsonl'), 'utf8')).split('\n').filter(Boolean);
  const told = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  const count = (event: string): number => told.filter((line) => line.event === event).length;
  const codes = told.filter(({ event }) => event === 'request_failed').map(({ err }) => (err as { code: string }).code);
  const byCode = Object.entries(Object.groupBy(codes, (code) => code)).map(([code, of]) => `${of?.length} ${code}`);
  const explained = new Set(told.filter(({ level }) => level !== 'info').map(({ sessionId }) => sessionId));
  const unlogged = [...troubled].filter((sessionId) => !explained.has(sessionId));
  const part = (from: number, to: number): number[] =>
    samples.slice(samples.length * from, samples.length * to).map(({ rssMiB }) => rssMiB);
  const mean = (of: number[]): number => Math.round(of.reduce((sum, one) => sum + one, 0) / of.length);
  // Edges close a kept connection after 30 s, the router after 20.
  await delay(32_000);
  const leftSockets = await socketsOf(router.pid);
  const quarters = [0, 0.25, 0.5, 0.75].map((from) => mean(part(from, from + 0.25)));
  console.log(JSON.stringify({ seconds: Math.round(elapsed()), seed: Number(values.seed), ...met }));
  console.log(
    `reassigned ${count('session_reassigned')}, edge_down ${count('edge_down')}, unlogged ${unlogged.length}`,
  );
  console.log(`refused: ${byCode.join(', ') || 'none'}`);
  console.log(`drained ${drained.times} times, which viewers noticed ${drained.noticed} times`);
  console.log(`router's memory by quarters, MiB: ${quarters.join(' ')}`);
  console.log(
    `router's sockets: at most ${Math.max(...samples.map(({ sockets }) => sockets))}, ${leftSockets} when idle`,
  );
  // Its own listener and the probes' connections stay.
  const isGood =
    met.wrong === 0 && unlogged.length === 0 && drained.noticed === 0 && leftSockets <= 2 + 2 * edges.length;
  process.exitCode = isGood ? 0 : 1;
}

async function startRole(role: string, name: string, settings: NodeJS.ProcessEnv): Promise<RoleProcess> {
  const port = await freePort();
  const { PATH, HOME } = process.env;
  const env = {
    PATH,
    HOME,
    MILLRACE_NODE: name,
    MILLRACE_PORT: String(port),
    MILLRACE_DATA: folder,
    MILLRACE_STORE: store.url,
    MILLRACE_SECRET: SECRET,
    MILLRACE_EDGE_CACHE_BYTES: String(8 << 20),
    MILLRACE_EDGE_DISK_BYTES: '0',
    ...settings,
  };
  const logFile = join(folder, `${name}.jsonl`);
  const started = new RoleProcess({ name, args: [CLI, role], env, logFile, url: `http://127.0.0.1:${port}` });
  owned.defer(() => started.kill());
  await started.up();
  return started;
}
