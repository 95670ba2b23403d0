import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { DomainError } from '../../src/domain/errors.ts';
import type { SourceFacts, TaskSpec } from '../../src/domain/tasks.ts';
import { SourceServer } from '../../src/transcode/source-server.ts';
import { MemoryTaskLender } from '../fakes/memory-task-lender.ts';
import { type MediaBench, mediaBench, probe, TEST_DEADLINE_MS } from './media-bench.ts';
import { isGone, probeSpec, startedFfmpeg, tasksAfter, waitFor, workOn } from './worker-bench.ts';

const clip = (size: string, seconds: number): string[] => [
  ...['-f', 'lavfi', '-i', `testsrc2=s=${size}:r=30`, '-f', 'lavfi', '-i', 'sine', '-t', String(seconds)],
  ...['-c:v', 'libx264', '-preset', 'ultrafast', '-c:a', 'aac'],
];
const withDeadline = { timeout: TEST_DEADLINE_MS };

test('a worker probes, encodes all chunks and the sound, one task after the other', withDeadline, async () => {
  await using bench = await mediaBench();
  await using worker = workOn(bench);
  const { lender } = worker;
  const spec = probeSpec(await bench.keep(await bench.make('a.mp4', clip('320x240', 6))));
  const probed = await lender.settled(lender.add(spec));
  assert.ok(probed.outcome === 'done');
  const { plan, specs } = tasksAfter(spec, probed.result as SourceFacts);
  const ends = await Promise.all(specs.map((one) => lender.settled(lender.add(one))));
  assert.deepEqual(
    ends.map((end) => end.outcome),
    specs.map(() => 'done'),
  );
  const names = [...plan.rungs, ...plan.audio].map((one) => `videos/${spec.source.videoId}/g1/${one.rendition}/`);
  const stored = bench.store.keys().filter((key) => names.some((name) => key.startsWith(name)));
  assert.equal(stored.length, names.length * 3); // init and two segments each
});

/** A chunk that takes long: 4 s of 1080p in five rungs. */
async function longChunk(bench: MediaBench): Promise<TaskSpec> {
  const source = await bench.keep(await bench.make('long.mp4', clip('1920x1080', 4)));
  const { specs } = tasksAfter(probeSpec(source), await probe(source, bench));
  return specs[0]!;
}

test('a worker that lost its lease ends ffmpeg at once and settles nothing', withDeadline, async () => {
  await using bench = await mediaBench();
  await using worker = workOn(bench, new MemoryTaskLender({ leaseMs: 300 }));
  const { lender, lines } = worker;
  const spec = await longChunk(bench);
  const taskId = lender.add(spec);
  const pid = await startedFfmpeg(lines);
  await waitFor(() => (lender.renewals > 0 ? true : undefined), 'a renewal');
  assert.equal(await isGone(pid), false);
  lender.revoke(taskId);
  await waitFor(() => lines.find(({ event }) => event === 'lease_lost'), 'the loss of the lease');
  assert.equal(await isGone(pid), true);
  const settled = lines.find(({ event }) => event === 'task_settled');
  assert.equal(settled?.fields.outcome, 'lost');
  // It is ready for the next task.
  const next = lender.add(probeSpec(spec.source));
  assert.equal((await lender.settled(next)).outcome, 'done');
});

test('a worker that is told to stop gives its task back and leaves no ffmpeg', withDeadline, async () => {
  await using bench = await mediaBench();
  await using worker = workOn(bench);
  const taskId = worker.lender.add(await longChunk(bench));
  const pid = await startedFfmpeg(worker.lines);
  await worker.stop();
  assert.equal((await worker.lender.settled(taskId)).outcome, 'returned');
  assert.equal(await isGone(pid), true);
});

test('a worker that is killed leaves no ffmpeg', withDeadline, async () => {
  await using bench = await mediaBench();
  const { sandbox } = bench.deps;
  assert.ok(
    sandbox.name === 'user' || sandbox.name === 'privileges',
    'setpriv is needed for ffmpeg to die with its worker',
  );
  const path = await bench.make('killed.mp4', clip('1920x1080', 4));
  const script = new URL('./worker-process.ts', import.meta.url).pathname;
  const worker = spawn(process.execPath, [script, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [pid] = await Promise.race([once(worker.stdout), failAfter(TEST_DEADLINE_MS / 2)]);
  assert.equal(await isGone(Number(pid)), false);
  worker.kill('SIGKILL');
  assert.equal(await waitFor(async () => ((await isGone(Number(pid))) ? true : undefined), 'the end of ffmpeg'), true);
});

/** The first line of a stream. */
async function once(stream: NodeJS.ReadableStream): Promise<string[]> {
  for await (const line of createInterface({ input: stream })) return [line];
  throw new Error('the worker ended without a word');
}
const failAfter = (ms: number): Promise<never> =>
  new Promise((_, reject) => setTimeout(() => reject(new Error(`no word within ${ms} ms`)), ms).unref());

test('a file that is no video fails for good, with what ffprobe said', withDeadline, async () => {
  await using bench = await mediaBench();
  await using worker = workOn(bench);
  const { store, lender } = { ...worker, ...bench };
  const key = 'videos/0123456789abcdef/source/000000' as Parameters<typeof store.put>[0];
  const bytes = Buffer.from('This is a text.\n'.repeat(100));
  await store.put(key, bytes, { contentType: 'text/plain' });
  const source = { videoId: '0123456789abcdef', sizeBytes: bytes.length } as TaskSpec['source'];
  const end = await lender.settled(lender.add(probeSpec(source)));
  assert.ok(end.outcome === 'failed');
  assert.deepEqual([end.failure.code, end.failure.cause], ['not_a_video', 'input']);
  assert.match(end.failure.tail ?? '', /Invalid data found/);
});

test('a store that does not answer fails the attempt, and another one may succeed', withDeadline, async () => {
  await using bench = await mediaBench();
  const source = await bench.keep(await bench.make('a.mp4', clip('320x240', 2)));
  const read = async () => {
    throw new DomainError('store_unavailable');
  };
  await using sources = await SourceServer.start({
    clock: { nowMs: () => Date.now() },
    store: { read },
    newToken: () => 'token',
  });
  await using worker = workOn({ ...bench, deps: { ...bench.deps, sources } });
  const end = await worker.lender.settled(worker.lender.add(probeSpec(source)));
  assert.ok(end.outcome === 'failed');
  assert.deepEqual([end.failure.code, end.failure.cause], ['store_unavailable', 'store']);
});

test('a worker outlasts an orchestrator that is away', withDeadline, async () => {
  await using bench = await mediaBench();
  const lender = new MemoryTaskLender();
  lender.unreachable = true;
  await using worker = workOn(bench, lender);
  const source = await bench.keep(await bench.make('a.mp4', clip('320x240', 1)));
  await waitFor(() => worker.lines.find(({ event }) => event === 'orchestrator_unreachable'), 'a failed claim');
  lender.unreachable = false;
  assert.equal((await lender.settled(lender.add(probeSpec(source)))).outcome, 'done');
});
