import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { openObjectStore } from '../../src/adapters/open-object-store.ts';
import { sourcePartKey } from '../../src/domain/object-keys.ts';
import { planJob } from '../../src/domain/plan-job.ts';
import type { ObjectStore } from '../../src/domain/ports.ts';
import { PART_SIZE_BYTES } from '../../src/domain/source.ts';
import type { SourceFacts, TaskSpec } from '../../src/domain/tasks.ts';
import { freePort } from '../../src/lib/listen.ts';
import { LENDER_TOKEN, orchestratorOver } from '../fakes/http-orchestrator.ts';
import { listening } from '../fakes/listening.ts';
import { MemoryTaskLender } from '../fakes/memory-task-lender.ts';
import { isGone } from '../media/worker-bench.ts';
import { eventually } from '../support/eventually.ts';
import { RoleProcess } from './role-process.ts';

const run = promisify(execFile);
const CLI = resolve(import.meta.dirname, '../../src/main/cli.ts');
const TEST_DEADLINE_MS = 240_000;
const LEASE_MS = 2_000;
const VIDEO_ID = '0123456789abcdef' as TaskSpec['source']['videoId'];

/** A clip that takes long to encode, made once. */
const clip = { folder: '', bytes: Buffer.alloc(0) };
before(async () => {
  clip.folder = await mkdtemp(join(tmpdir(), 'millrace-clip-'));
  const path = join(clip.folder, 'clip.mp4');
  const input = ['-f', 'lavfi', '-i', 'testsrc2=s=1280x720:r=25', '-t', '60'];
  const codec = ['-c:v', 'libx264', '-preset', 'ultrafast', '-b:v', '400k'];
  await run('ffmpeg', ['-nostdin', '-v', 'error', ...input, ...codec, path]);
  clip.bytes = await readFile(path);
  assert.ok(clip.bytes.length <= PART_SIZE_BYTES, 'it fits into one part');
});
after(() => rm(clip.folder, { recursive: true }));

/** A real `millrace worker` with real ffmpeg and a store in files, and an orchestrator that this test plays. */
async function world() {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-worker-'));
  await mkdir(join(folder, 'objects'));
  const store = await openObjectStore(`file:${join(folder, 'objects')}`, {});
  const lender = new MemoryTaskLender({ leaseMs: LEASE_MS });
  const { server, calls } = orchestratorOver(lender);
  const orchestrator = await listening(server);
  const port = await freePort();
  const logFile = join(folder, 'worker.jsonl');
  await writeFile(logFile, '');
  const { PATH } = process.env;
  const env = {
    PATH,
    MILLRACE_DATA: folder,
    MILLRACE_STORE: `file:${join(folder, 'objects')}`,
    MILLRACE_ORCHESTRATOR_URL: orchestrator.url,
    MILLRACE_WORKER_TOKEN: LENDER_TOKEN,
    MILLRACE_NODE: 'worker-a',
    MILLRACE_PORT: String(port),
    MILLRACE_LOG_LEVEL: 'debug',
  };
  const url = `http://127.0.0.1:${port}`;
  const worker = new RoleProcess({ name: 'worker-a', args: [CLI, 'worker'], env, logFile, url });
  await worker.up();
  const lines = async (): Promise<Record<string, unknown>[]> =>
    (await readFile(logFile, 'utf8'))
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  return {
    ...{ env, store, lender, calls, worker, lines },
    async [Symbol.asyncDispose]() {
      await worker.kill();
      await orchestrator[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}

type World = Awaited<ReturnType<typeof world>>;

/** A chunk of a minute of 720p, at which the worker is until it is disturbed; returns with the pid of its ffmpeg. */
async function atWork({ store, lender, lines }: World) {
  const source = { videoId: VIDEO_ID, sizeBytes: clip.bytes.length };
  await store.put(sourcePartKey({ videoId: VIDEO_ID, part: 0 }), clip.bytes, { contentType: 'video/mp4' });
  const probe: TaskSpec = { kind: 'probe', source, generation: 1 };
  const probed = await lender.settled(lender.add(probe));
  assert.ok(probed.outcome === 'done');
  const { grid, rungs, facts } = planJob(probed.result as SourceFacts);
  const chunk = { chunk: 0, firstSegment: 0, firstFrame: 0, frames: grid!.frames };
  const of = { source, generation: 1, track: facts.video!, grid: grid!, rungs, chunk };
  const taskId = lender.add({ kind: 'encode', ...of });
  let pid = 0;
  await eventually('the first segment is stored', async () => {
    const all = await lines();
    pid = Number(all.findLast(({ event, program }) => event === 'ffmpeg_started' && program === 'ffmpeg')?.pid ?? 0);
    return all.some(({ event }) => event === 'segment_stored');
  });
  assert.equal(await isGone(pid), false);
  return { taskId, pid };
}

test('a worker that is told to stop gives its task back, then lets its connection go, and is gone', {
  timeout: TEST_DEADLINE_MS,
}, async (t) => {
  await using at = await world();
  const { taskId, pid } = await atWork(at);
  const connectedAtReturn = at.lender.settled(taskId).then(() => at.lender.connected);
  const startedMs = performance.now();
  await at.worker.terminate();
  t.diagnostic(`gone after ${Math.round(performance.now() - startedMs)} ms`);
  assert.equal((await at.lender.settled(taskId)).outcome, 'returned');
  assert.equal(await connectedAtReturn, 1);
  await eventually('the connection is gone', () => at.lender.connected === 0);
  assert.equal(await isGone(pid), true);
  const stopped = (await at.lines()).find(({ event }) => event === 'role_stopped');
  assert.deepEqual([stopped === undefined, stopped?.late], [false, undefined]);
});

test('a worker that was frozen for longer than its lease stops at once when it wakes, and stores nothing more', {
  timeout: TEST_DEADLINE_MS,
}, async () => {
  await using at = await world();
  const { taskId, pid } = await atWork(at);
  at.worker.freeze();
  at.lender.revoke(taskId);
  await eventually('its lease is over', leaseAfter(performance.now()));
  const before = await segmentsIn(at.store);
  const callsBefore = at.calls.length;
  at.worker.thaw();
  await eventually('it knows', async () => (await lostLease(at)) !== undefined);
  await eventually('ffmpeg is gone', () => isGone(pid));
  await eventually('it is ready again', () => at.calls.slice(callsBefore).some(({ path }) => path === '/tasks/claim'));
  const after = await segmentsIn(at.store);
  // Two of each rendition at most were on their way.
  assert.ok(after.length - before.length <= 2 * 4, `${before.length} segments before, ${after.length} after`);
  const lines = await at.lines();
  const lostAt = lines.findIndex(({ event }) => event === 'lease_lost');
  assert.deepEqual(
    lines.slice(lostAt).filter(({ event }) => event === 'segment_stored'),
    [],
  );
  const late = at.calls.slice(callsBefore).filter(({ path }) => path.includes(taskId));
  assert.deepEqual(late, [], 'a lease whose time is over is not even asked for');
});

const lostLease = async ({ lines }: World) => (await lines()).find(({ event }) => event === 'lease_lost');
const leaseAfter = (fromMs: number) => (): boolean => performance.now() > fromMs + LEASE_MS;

async function segmentsIn(store: ObjectStore): Promise<string[]> {
  const { objects } = await store.list(`videos/${VIDEO_ID}/g1/`);
  return objects.map(({ key }) => key).filter((key) => key.endsWith('.m4s'));
}

test('a worker whose task is cancelled ends ffmpeg and takes the next task', {
  timeout: TEST_DEADLINE_MS,
}, async (t) => {
  await using at = await world();
  const { taskId, pid } = await atWork(at);
  const startedMs = performance.now();
  at.lender.cancel(taskId);
  await eventually('ffmpeg is gone', () => isGone(pid));
  t.diagnostic(`gone after ${Math.round(performance.now() - startedMs)} ms`);
  const source = { videoId: VIDEO_ID, sizeBytes: clip.bytes.length };
  const next = at.lender.add({ kind: 'probe', source, generation: 1 });
  assert.equal((await at.lender.settled(next)).outcome, 'done');
});

test('a worker that cannot reach the orchestrator any more ends ffmpeg when its lease is over', {
  timeout: TEST_DEADLINE_MS,
}, async () => {
  await using at = await world();
  const { pid } = await atWork(at);
  at.lender.unreachable = true;
  await eventually('ffmpeg is gone', () => isGone(pid));
  await eventually('it says why', async () => (await lostLease(at)) !== undefined);
  assert.match(JSON.stringify((await lostLease(at))?.err), /could not be renewed in time/);
});

test('a worker whose port is taken claims nothing', { timeout: TEST_DEADLINE_MS }, async () => {
  await using at = await world();
  // The one that has the port says nothing meanwhile.
  at.worker.freeze();
  const { connects, claims } = at.lender;
  await assert.rejects(run(process.execPath, [CLI, 'worker'], { env: at.env }), { code: 1 });
  assert.deepEqual([at.lender.connects, at.lender.claims], [connects, claims]);
});
