import assert from 'node:assert/strict';
import { mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { SmallDisk } from '../../prove/failures/small-disk.ts';
import type { VideoResource } from '../../src/domain/video-resource.ts';
import { type Collector, type ReceivedSpan, startCollector } from '../support/collector.ts';
import { eventually } from '../support/eventually.ts';
import { assertShown, stepsIn } from '../support/guide.ts';
import { Instance } from '../support/instance.ts';
import { makeClip } from '../support/media.ts';
import { documentedMetrics, metricsIn } from '../support/metrics-text.ts';
import { MILLRACE, ROOT, runScript } from '../support/shown-commands.ts';

/** One instance that sends its traces to a collector of this test, one video that was made and played on it. */
const DEADLINE_MS = 120_000;

let folder: string;
let collector: Collector;
let instance: Instance;
let video: VideoResource;
/** The path of the session, with its signature. */
let session: string;
/** The edge that served it. */
let edge: string;
let document: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-observe-'));
  collector = await startCollector();
  document = await readFile(join(ROOT, 'docs/observability.md'), 'utf8');
  await makeClip(join(folder, 'clip.mp4'), { seconds: 5, rate: '25' });
  instance = await Instance.start({
    MILLRACE_WORKERS: '1',
    MILLRACE_LEASE_SECONDS: '2',
    MILLRACE_LADDER: 'standard',
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
  });
  const { id } = await instance.upload(join(folder, 'clip.mp4'), 'clip.mp4');
  video = await instance.settled(id, DEADLINE_MS);
  await play(id);
  await symlink(instance.data, join(folder, 'data'));
});
after(async () => {
  await instance?.[Symbol.asyncDispose]();
  await collector?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** Plays as a player does that tells of itself, and finds its line slow. */
async function play(videoId: string): Promise<void> {
  const started = await fetch(`${instance.url}/play/${videoId}/index.m3u8`, { redirect: 'manual' });
  session = (started.headers.get('location') ?? '').replace(/\/index\.m3u8$/, '');
  const playlist = await get('index.m3u8');
  assert.match(playlist, /^g1\/v360\/index\.m3u8$/m);
  for (const rendition of ['v360', 'v240'])
    for (const file of ['index.m3u8', 'init.mp4']) await get(`g1/${rendition}/${file}`);
  await get('g1/v360/000000.m4s', 'bl=2100,br=900,mtp=4000,su');
  await get('g1/v240/000001.m4s', 'bl=300,br=400,mtp=600,bs');
}

async function get(path: string, cmcd?: string): Promise<string> {
  const query = cmcd === undefined ? '' : `?CMCD=${encodeURIComponent(cmcd)}`;
  const response = await fetch(`${instance.url}${session}/${path}${query}`);
  assert.equal(response.status, 200, path);
  edge = response.headers.get('x-served-by') ?? edge;
  return response.text();
}

const sessionId = (): string => /\/([0-9a-z]{16})\./.exec(session)?.[1] ?? '';
const token = (): string => /([^/]+)$/.exec(session)?.[1] ?? '';
const parentOf = ({ traceId, parentId }: ReceivedSpan): ReceivedSpan | undefined =>
  collector.spans.find((span) => span.traceId === traceId && span.spanId === parentId);

/** The names from a span up to the root of its trace. */
function lineage(span: ReceivedSpan | undefined): string[] {
  return span ? [span.name, ...lineage(parentOf(span))] : [];
}

const WITHIN_TASKS = ['ffmpeg', 'ffprobe', 'read source part', 'settle encode'];

test('one trace goes from the upload through every task to the publishing, joined by parents', async () => {
  const ofJob = (): ReceivedSpan[] =>
    collector.spans.filter(
      ({ attributes }) => attributes['millrace.videoId'] === video.id && attributes['millrace.jobId'],
    );
  await eventually('the job is told', () => ofJob().some(({ name }) => name === 'job_succeeded'));
  const done = (await instance.logs()).filter(({ event, videoId }) => event === 'task_done' && videoId === video.id);
  const attempts = () => ofJob().filter((span) => parentOf(span)?.name === `lend ${span.name}`);
  // Each process sends its spans in its own time.
  const isTold = (name: string): boolean => collector.spans.some((span) => span.name === name);
  await eventually(
    'every attempt is told, and all that goes with it',
    () => attempts().length >= done.length && ['upload', 'start job', ...WITHIN_TASKS, 'put segment'].every(isTold),
  );
  const spans = ofJob();
  assert.equal(new Set(spans.map(({ traceId }) => traceId)).size, 1);
  const named = (name: string): ReceivedSpan[] => spans.filter((span) => span.name === name);
  const puts = named('put segment').map((span) => lineage(span).join(' < '));
  assert.ok(puts.includes('put segment < encode < lend encode < upload'), puts.join('; '));
  for (const name of WITHIN_TASKS) assert.deepEqual(lineage(named(name)[0]).slice(-1), ['upload'], name);
  assert.deepEqual(lineage(named('publish')[0]), ['publish', 'lend publish', 'upload']);
  assert.deepEqual(lineage(named('start job')[0]), ['start job', 'upload']);
  assert.deepEqual(
    attempts()
      .map(({ name }) => name)
      .sort(),
    done.map(({ kind }) => kind).sort(),
  );
  const services = new Set(spans.map(({ service }) => service));
  assert.deepEqual([...services].sort(), ['millrace-orchestrator', 'millrace-public', 'millrace-worker']);
  assert.ok(named('encode').every(({ durationMs, node }) => durationMs > 0 && node === 'worker-1'));
});

test('a request of a player is one trace from the router through the edge to the read of the store', async () => {
  const reads = (): ReceivedSpan[] =>
    collector.spans.filter(
      ({ name, attributes }) => name === 'read store' && /\.m4s$/.test(String(attributes['millrace.key'])),
    );
  await eventually('a read of a segment is told, with all above it', () =>
    reads().some((span) => lineage(span).at(-1) === 'proxy'),
  );
  const [read] = reads().filter((span) => lineage(span).at(-1) === 'proxy');
  assert.ok([3, 4].includes(lineage(read).length), lineage(read).join(' < '));
  const trace = collector.spans.filter(({ traceId }) => traceId === read?.traceId);
  const proxied = trace.find(({ name }) => name === 'proxy');
  const served = trace.find(({ name }) => name === 'serve');
  assert.equal(parentOf(served!), proxied);
  assert.deepEqual([served?.service, proxied?.service], ['millrace-edge', 'millrace-public']);
  for (const span of [served, proxied]) assert.equal(span?.attributes['millrace.sessionId'], sessionId());
  const [line] = (await instance.logs()).filter(
    ({ event, trace }) => event === 'segment_served' && (trace as { spanId?: string })?.spanId === served?.spanId,
  );
  assert.equal(line?.sessionId, sessionId(), 'the log names the span');
});

test('no span carries the signature of a session or a secret', async () => {
  const secret = (await readFile(join(instance.data, 'secret'), 'utf8')).trim();
  assert.ok(collector.bodies.length > 0 && token().length > 20);
  for (const word of [secret, token(), token().split('.').at(-1) ?? ''])
    assert.ok(!collector.bodies.some((body) => body.includes(word)), word);
});

test('the document lists every metric that a role tells, with its labels, and no other', async () => {
  const documented = documentedMetrics(document);
  const roles = (await readFile(join(instance.data, 'run', 'roles'), 'utf8')).trim().split(',');
  const urls = [`public=${instance.url}`, ...roles].map((pair) => pair.split('='));
  const told = new Set<string>();
  for (const [node = '', url = ''] of urls) {
    const role = node.replace(/-\d+$/, '');
    const text = await (await fetch(`${url}/metrics`)).text();
    const metrics = metricsIn(text);
    for (const [name, { type, labels }] of metrics) {
      const row = documented.get(name);
      assert.ok(row, `${name} of ${role} is not in the document`);
      const isListed = row.roles.includes('all') || row.roles.some((one) => isPartOf(one, role));
      assert.ok(isListed && row.type === type, `${name}: ${row.type} of ${row.roles}, but ${type} of ${role}`);
      for (const label of labels)
        assert.ok(['role', 'le', ...row.labels].includes(label), `${name} has a label ${label}`);
      for (const label of row.labels) if (labels.size > 1) assert.ok(labels.has(label), `${name} lacks ${label}`);
      told.add(`${name} ${role}`);
    }
    for (const [name, row] of documented)
      if (row.roles.includes('all') || row.roles.some((one) => isPartOf(one, role)))
        assert.ok(metrics.has(name), `${role} does not tell ${name}`);
  }
  assert.ok(told.size > 100);
});

/** Upload-api and router are one process here. */
const isPartOf = (one: string, role: string): boolean =>
  one === role || (role === 'public' && (one === 'upload-api' || one === 'router'));

/** What brings about the trouble of each section, what the words in its commands stand for, and what ends it. */
type Trouble = { readonly words?: Readonly<Record<string, string>>; readonly end?: () => Promise<void> };
let frozen: { readonly id: string; readonly pid: number };
const TROUBLES: Readonly<Record<string, () => Promise<Trouble>>> = {
  'An upload fails': async () => ({}),
  'A job failed': async () => {
    await writeFile(join(folder, 'notes.txt'), 'These are notes, and no video.');
    const { id } = await instance.upload(join(folder, 'notes.txt'), 'notes.txt');
    await instance.settled(id, DEADLINE_MS);
    return { words: { VIDEO: id } };
  },
  'It is stuck at 40 %': async () => {
    await makeClip(join(folder, 'long.mp4'), { seconds: 8, rate: '25' });
    const { id } = await instance.upload(join(folder, 'long.mp4'), 'long.mp4');
    const ofIt = async (event: string) =>
      (await instance.logs()).filter((line) => line.event === event && line.videoId === id);
    await eventually(
      'it is encoded',
      async () => (await ofIt('task_leased')).some(({ kind }) => kind === 'encode'),
      DEADLINE_MS,
    );
    frozen = { id, pid: await pidOf('worker-1') };
    process.kill(frozen.pid, 'SIGSTOP');
    await eventually('its lease has ended', async () => (await ofIt('lease_expired')).length > 0, DEADLINE_MS);
    return { words: { JOB: id } };
  },
  'Nothing is picked up': async () => ({
    end: async () => {
      process.kill(frozen.pid, 'SIGCONT');
      await fetch(`${instance.url}/videos/${frozen.id}`, { method: 'DELETE' });
    },
  }),
  'A video buffers': async () => ({ words: { SESSION: sessionId() } }),
  'The picture gets worse for no reason': async () => ({ words: { SESSION: sessionId() } }),
  'A session was moved': async () => {
    const before = edge;
    process.kill(await pidOf(before), 'SIGKILL');
    await get('g1/v240/000001.m4s');
    await eventually('the supervisor has noticed', async () =>
      (await instance.logs()).some(({ event, child }) => event === 'child_exited' && child === before),
    );
    return { words: { SESSION: sessionId() } };
  },
  'The store is away': async () => {
    const objects = join(instance.data, 'objects');
    await rename(objects, `${objects}.away`);
    await writeFile(objects, 'no folder');
    return {
      end: async () => {
        await rm(objects);
        await rename(`${objects}.away`, objects);
      },
    };
  },
  'The disk is full': async () => {
    const small = join(folder, 'small');
    const disk = await SmallDisk.mount(small);
    const end = () => disk[Symbol.asyncDispose]();
    try {
      disk.fill();
    } catch (error) {
      await end();
      throw error;
    }
    return { words: { 'millrace doctor': `MILLRACE_DATA='${small}' ${MILLRACE} doctor` }, end };
  },
};

async function pidOf(child: string): Promise<number> {
  const started = (await instance.logs()).filter((line) => line.event === 'child_started' && line.child === child);
  const pid = Number(started.at(-1)?.pid);
  // 0 would be ourselves.
  assert.ok(pid > 1, `${child} has a process`);
  return pid;
}

test('each step of the guide prints what it shows, while its trouble is there', async () => {
  const sections = stepsIn(document);
  assert.deepEqual([...sections.keys()], Object.keys(TROUBLES));
  for (const [heading, bringAbout] of Object.entries(TROUBLES)) {
    const { words = {}, end } = await bringAbout();
    try {
      for (const { script, output } of sections.get(heading) ?? []) assertShown(output, await shell(script, words));
    } finally {
      await end?.();
    }
  }
});

/** As it stands, but for the port, the words in capitals and how Millrace is called. */
function shell(script: string, words: Readonly<Record<string, string>>): Promise<string> {
  const here = Object.entries(words)
    .reduce((text, [word, value]) => text.replaceAll(word, value), script)
    .replaceAll('http://localhost:8080', instance.url)
    .replaceAll(/^millrace (jobs|tasks|workers)(.*)$/gm, `millrace $1$2 --url ${instance.url}`)
    .replaceAll(/^millrace /gm, `${MILLRACE} `);
  // Without pipefail: grep ends with 1 where nothing is found, and what is missing is told better.
  return runScript(here, { cwd: folder, env: { MILLRACE_PORT: String(instance.port) } });
}
