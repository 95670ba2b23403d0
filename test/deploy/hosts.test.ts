import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { TimelineEvent } from '../../src/domain/video-events.ts';
import type { VideoResource } from '../../src/domain/video-resource.ts';
import { type LogLine, readLogs } from '../fault/read-logs.ts';
import { eventually } from '../support/eventually.ts';
import { FarClient } from '../support/far-client.ts';
import { makeClip } from '../support/media.ts';
import { type Host, type HostAddress, Network } from '../support/network.ts';
import { ROOT } from './deploy-files.ts';
import { documentedHosts, stepOf } from './documented-hosts.ts';

/**
 * The whole platform on several hosts, set up by the very lines of docs/deployment.md: uploaded, processed and played
 * while hosts are cut off. The folder that stands in for a bucket is reached by a host that is cut off, too, which is
 * the harder case: its worker goes on writing segments.
 */
const CLI = join(ROOT, 'src/main/cli.ts');
const CLIP = { seconds: 16, rate: 25 };
const API = 'http://10.0.0.11:8080';
const ORCHESTRATOR = 'http://10.0.0.11:8081';
const ROUTER = 'http://10.0.0.41:8090';
const OTHERS = ['21:8082', '22:8082', '31:8101', '32:8101'].map((end) => `http://10.0.0.${end}`);

const secret = (): string => randomBytes(24).toString('hex');
const fillings: Record<string, string> = { SECRET: secret(), TOKEN: secret() };
const documented = documentedHosts();
const network = await openNetwork();
let folder: string;
let client: FarClient;
let video: VideoResource;

/** Where a machine gives no namespaces the tests fail, unless a setting says that they may be left out. */
async function openNetwork(): Promise<Network | undefined> {
  try {
    return await Network.open(documented.flatMap(({ hosts }) => hosts));
  } catch (error) {
    if (process.env.MILLRACE_TEST_NO_NAMESPACES !== 'accept') throw error;
    console.log(`hosts: NOT DONE, this machine gives no network namespaces (${String(error)})`);
    return undefined;
  }
}

if (network) testOn(network);

function testOn(network: Network): void {
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'millrace-hosts-'));
    for (const name of ['logs', 'store', 'work']) await mkdir(join(folder, name));
    await makeClip(join(folder, 'clip.mp4'), { seconds: CLIP.seconds, rate: String(CLIP.rate), size: '640x360' });
    fillings.PASSWORD = await startPostgres(network.host('central'));
    fillings['/srv/millrace'] = join(folder, 'store');
    for (const { hosts, lines } of documented)
      for (const host of hosts) if (host.name !== 'client') await setUp(network.host(host.name), lines);
    client = new FarClient(network.host('client'));
    for (const url of [API, ORCHESTRATOR, ROUTER, ...OTHERS])
      await eventually(`${url} is healthy`, () => isHealthy(url));
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  test('a worker whose host is cut off in the middle of a task is replaced, and the video comes out exact', async () => {
    const said = await setUp(
      network.host('client'),
      documented.find(({ hosts }) => hosts[0]?.name === 'client')!.lines,
    );
    const [id = ''] = said.split(' ');
    await eventually(
      'a worker encodes',
      async () => (await lastLine('task_claimed', { kind: 'encode' })) !== undefined,
    );
    const worker = (await lastLine('task_claimed', { kind: 'encode' }))!.node;
    await network.host(worker).cutOff();
    await eventually('the video is ready', async () => {
      video = await api<VideoResource>(`/videos/${id}`);
      return video.state === 'ready' || video.state === 'failed';
    });
    assert.equal(video.state, 'ready', JSON.stringify(video.error));
    const other = worker === 'worker-1' ? 'worker-2' : 'worker-1';
    const lost = (await lostTask())!;
    assert.equal(lost.worker, worker);
    const holders = (await eventsOf(lost)).filter(({ to }) => to === 'leased' || to === 'done');
    assert.deepEqual([holders[0]?.worker, holders.at(-1)?.worker, holders.at(-1)?.to], [worker, other, 'done']);
    const frames = await decodedFrames(network.host('client'), `${ROUTER}/play/${id}/index.m3u8`);
    assert.ok(frames.length >= 2);
    assert.deepEqual(new Set(frames), new Set([CLIP.seconds * CLIP.rate]));
  });

  test('when its cable is back, what it says of that task is refused and changes nothing', async () => {
    const lost = (await lostTask())!;
    const worker = String(lost.worker);
    const host = network.host(worker);
    const connections = () => linesWith('orchestrator_connected', { node: worker });
    const earlier = (await connections()).length;
    await host.connect();
    await eventually('it is connected again', async () => (await connections()).length > earlier);
    const settled = await lastLine('task_settled', { node: worker, taskId: lost.taskId });
    assert.notEqual(settled?.outcome, 'done');
    // What a worker would send that does not look at its clock.
    const known = await eventsOf(lost);
    const late = new FarClient(host);
    const answer = await late.fetch(`${ORCHESTRATOR}/tasks/${lost.taskId}/complete`, {
      method: 'POST',
      headers: { authorization: `Bearer ${fillings.TOKEN}`, 'content-type': 'application/json' },
      body: JSON.stringify({ token: lost.attempt, result: { renditions: [] } }),
    });
    assert.deepEqual([answer.status, JSON.parse(answer.body.toString()).code], [409, 'lease_lost']);
    assert.deepEqual(await eventsOf(lost), known);
  });

  test('when the host of its edge is cut off, a session goes on over the other edge, byte for byte', async () => {
    const earlier = (await linesWith('session_started', {})).length;
    const start = await client.fetch(`${ROUTER}/play/${video.id}/index.m3u8`);
    const playlist = new URL(start.headers.location ?? '', ROUTER);
    const sessions = () => linesWith('session_started', {});
    await eventually('the router tells of the session', async () => (await sessions()).length > earlier);
    const { sessionId, edge: first } = (await sessions()).at(-1)!;
    const edge = String(first);
    const [media = ''] = linesOf(await client.fetch(playlist.href));
    const address = new URL(media, playlist);
    const segments = linesOf(await client.fetch(address.href)).map((name) => new URL(name, address));
    assert.equal(segments.length, CLIP.seconds / 4);
    for (const [i, segment] of segments.entries()) {
      if (i === 2) await network.host(edge).cutOff();
      const got = await client.fetch(segment.href);
      const stored = segment.pathname.replace(playlist.pathname.replace('index.m3u8', ''), `store/videos/${video.id}/`);
      assert.equal(sha256(got.body), sha256(await readFile(join(folder, stored))), segment.href);
    }
    await eventually('the router tells that it moved', async () => {
      const moved = await lastLine('session_reassigned', { sessionId });
      return moved?.from === edge && moved.to === (edge === 'edge-1' ? 'edge-2' : 'edge-1');
    });
  });
}

/** PostgreSQL on port 5432 of a host. @returns its password */
async function startPostgres(host: Host): Promise<string> {
  const log = openSync(join(folder, 'postgres-start.log'), 'a');
  const program = join(import.meta.dirname, '../support/postgres-process.ts');
  const { PATH } = process.env;
  const child = host.spawn([program, folder], { env: { PATH }, stdio: ['ignore', log, log, 'ipc'] });
  closeSync(log);
  await once(child, 'message', { signal: AbortSignal.timeout(60_000) });
  return (await readFile(join(folder, 'postgres', 'password'), 'utf8')).trim();
}

/** Carries out what the document says for a host. @returns what its last command printed */
async function setUp(host: Host, lines: readonly string[]): Promise<string> {
  const { PATH } = process.env;
  const env: Record<string, string | undefined> = { PATH, HOME: folder };
  let said = '';
  for (const line of lines) {
    const step = stepOf(line, host satisfies HostAddress, fillings);
    if (step.kind === 'setting') env[step.name] = step.value;
    else if (step.kind === 'role') startRole(host, step.role, env);
    else {
      said = (await host.run(process.execPath, [CLI, ...step.args], env, folder)).trim();
      if (step.args[0] === 'keys') fillings.KEY = said;
    }
  }
  return said;
}

function startRole(host: Host, role: string, env: NodeJS.ProcessEnv): void {
  const log = openSync(join(folder, 'logs', `${host.name}-${role}.jsonl`), 'a');
  host.spawn([CLI, role], { env, cwd: join(folder, 'work'), stdio: ['ignore', log, log, 'ipc'] });
  closeSync(log);
}

const isHealthy = async (url: string): Promise<boolean> =>
  client.fetch(`${url}/health`).then(
    ({ status }) => status === 200,
    // It does not listen yet.
    () => false,
  );

const api = <T>(path: string): Promise<T> =>
  client.json<T>(API + path, { headers: { authorization: `Bearer ${fillings.KEY}` } });

const linesWith = async (event: string, fields: Readonly<Record<string, unknown>>): Promise<LogLine[]> =>
  (await readLogs(folder)).filter(
    (line) => line.event === event && Object.entries(fields).every(([name, is]) => line[name] === is),
  );

const lastLine = async (event: string, fields: Readonly<Record<string, unknown>>): Promise<LogLine | undefined> =>
  (await linesWith(event, fields)).at(-1);

/** The first that a worker was lost with. */
const lostTask = async (): Promise<LogLine | undefined> =>
  (await readLogs(folder)).find(({ event }) => event === 'lease_expired' || event === 'worker_gone');

async function eventsOf({ taskId }: LogLine): Promise<TimelineEvent[]> {
  const { events } = await api<{ events: TimelineEvent[] }>(`/videos/${video.id}/timeline?limit=500`);
  return events.filter((event) => event.taskId === taskId);
}

const linesOf = ({ body }: { body: Buffer }): string[] =>
  body
    .toString()
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** Frames of each rendition that ffmpeg on that host decodes. */
async function decodedFrames(host: Host, url: string): Promise<number[]> {
  const { PATH } = process.env;
  const probe = ['-v', 'error', '-select_streams', 'v', '-show_entries', 'stream=index', '-of', 'csv=p=0', url];
  const streams = new Set((await host.run('ffprobe', probe, { PATH }, folder)).match(/\d+/g)).size;
  const maps = Array.from({ length: streams }, (_, i) => ['-map', `0:v:${i}`]).flat();
  const args = [
    '-nostdin',
    '-v',
    'error',
    '-xerror',
    '-i',
    url,
    ...maps,
    '-fps_mode',
    'passthrough',
    '-f',
    'framemd5',
    '-',
  ];
  const hashes = await host.run('ffmpeg', args, { PATH }, folder);
  const of = (stream: number) => hashes.split('\n').filter((line) => line.startsWith(`${stream},`)).length;
  return Array.from({ length: streams }, (_, i) => of(i));
}
