import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { type CapturedLine, capturedLog } from '../../test/fakes/captured-log.ts';
import { MemoryObjectStore } from '../../test/fakes/memory-object-store.ts';
import { MemoryTaskLender } from '../../test/fakes/memory-task-lender.ts';
import { eventually } from '../../test/support/eventually.ts';
import { DomainError } from '../domain/errors.ts';
import type { VideoId } from '../domain/ids.ts';
import type { ObjectKey } from '../domain/object-keys.ts';
import type { TaskSpec } from '../domain/tasks.ts';
import { checkHealth } from '../lib/health.ts';
import { healthOf } from './server.ts';
import { runWorker, type WorkerDeps } from './worker.ts';
import { createWorkerStatus } from './worker-status.ts';

const source = { videoId: '0123456789abcdef' as VideoId, sizeBytes: 10 };
const spec: TaskSpec = { kind: 'probe', source, generation: 1 };
const RESULT = { renditions: [] };
const KEY = 'videos/0123456789abcdef/g1/v240/000000.m4s' as ObjectKey;
const sandbox = { name: 'none', prefix: [], env: {}, ffmpegVersion: '1' } as const;
const clock = { nowMs: () => performance.now() };

/** A worker whose tasks do what a test says. */
function workWith(performTask: WorkerDeps['performTask'], store = new MemoryObjectStore()) {
  const lender = new MemoryTaskLender();
  const { log, lines } = capturedLog();
  const stop = new AbortController();
  const status = createWorkerStatus();
  const start = (): Promise<void> =>
    runWorker({
      ...{ lender, store, sandbox, status, clock, log, performTask },
      worker: { worker: 'a', session: 's', version: '1', cores: 1, memoryMib: 1, encoders: [] },
      sources: { lend: () => assert.fail('no source is read here') },
      random: () => 0,
      slots: 1,
      stopping: stop.signal,
    });
  const working = start();
  const end = async (): Promise<void> => {
    stop.abort(new Error('the test is over'));
    await working;
  };
  return { lender, lines, store, status, stop: end, [Symbol.asyncDispose]: end };
}

const eventsOf = (lines: readonly CapturedLine[]): string[] => lines.map(({ event }) => event);
/** Works until it is told to stop. */
const endless: WorkerDeps['performTask'] = async (_, { signal }) => {
  if (!signal.aborted) await once(signal, 'abort');
  throw signal.reason;
};

test('a task that is cancelled ends at once, and nothing is settled', async () => {
  await using worker = workWith(endless);
  const taskId = worker.lender.add(spec);
  await eventually('it is claimed', () => worker.lender.isHeld(taskId));
  worker.lender.cancel(taskId);
  await eventually('it ended', () => eventsOf(worker.lines).includes('task_settled'));
  assert.equal(worker.lines.find(({ event }) => event === 'task_settled')?.outcome, 'lost');
  assert.equal(worker.lender.renewals, 0);
});

test('no task is claimed before the connection stands', async () => {
  await using worker = workWith(async () => RESULT);
  await eventually('it is connected', () => worker.lender.connected === 1);
  worker.lender.unreachable = true;
  worker.lender.hangUp();
  await eventually('the connection is lost', () => eventsOf(worker.lines).includes('orchestrator_unreachable'));
  const taskId = worker.lender.add(spec);
  const claims = worker.lender.claims;
  await eventually('some tries to connect', () => worker.lender.connects > 4);
  // One may have been on its way.
  assert.ok(worker.lender.claims <= claims + 1);
  worker.lender.unreachable = false;
  assert.equal((await worker.lender.settled(taskId)).outcome, 'done');
});

test('while the store does not answer no task is claimed, and both /health and the log say so', async () => {
  const store = new MemoryObjectStore();
  const outage = new DomainError('store_unavailable', 'the disk is gone');
  let isDown = true;
  let checks = 0;
  store.check = async () => {
    checks += 1;
    if (isDown) throw outage;
  };
  const perform = async () => {
    if (isDown) throw outage;
    return RESULT;
  };
  await using worker = workWith(perform, store);
  const { lender, lines, status } = worker;
  const first = lender.add(spec);
  const ended = await lender.settled(first);
  assert.ok(ended.outcome === 'failed');
  assert.deepEqual([ended.failure.cause, ended.failure.code], ['store', 'store_unavailable']);
  const claims = lender.claims;
  const second = lender.add(spec);
  await eventually('it looks at the store', () => checks >= 3);
  assert.equal(lender.claims, claims);
  const checkOrchestrator = async () => undefined;
  const health = await checkHealth(healthOf({ store, sandbox, status, clock, version: '1', checkOrchestrator }));
  assert.deepEqual([health.status, health.checks.claiming?.status], ['failing', 'failing']);

  isDown = false;
  assert.equal((await lender.settled(second)).outcome, 'done');
  const said = eventsOf(lines).filter((event) => event.startsWith('store_'));
  assert.deepEqual(said, ['store_paused', 'store_resumed']);
});

test('a part that is missing is a failed attempt, but an outage where the store does not answer', async () => {
  const store = new MemoryObjectStore();
  const missing = async () => {
    throw new DomainError('source_damaged');
  };
  await using worker = workWith(missing, store);
  const lost = await worker.lender.settled(worker.lender.add(spec));
  assert.ok(lost.outcome === 'failed');
  assert.deepEqual([lost.failure.code, lost.failure.cause], ['source_damaged', 'attempt']);
  store.check = async () => {
    throw new DomainError('store_unavailable', 'nothing is mounted');
  };
  const away = await worker.lender.settled(worker.lender.add(spec));
  assert.ok(away.outcome === 'failed');
  assert.deepEqual([away.failure.code, away.failure.cause], ['store_unavailable', 'store']);
});

test('an input that is bad does not make the worker pause', async () => {
  const perform = async () => {
    throw new DomainError('not_a_video');
  };
  await using worker = workWith(perform);
  const [first, second] = [worker.lender.add(spec), worker.lender.add(spec)];
  const ends = [await worker.lender.settled(first), await worker.lender.settled(second)];
  assert.deepEqual(
    ends.map((end) => end.outcome === 'failed' && end.failure.cause),
    ['input', 'input'],
  );
  assert.equal(eventsOf(worker.lines).includes('store_paused'), false);
});

test('who has lost its lease begins no write any more', async () => {
  const lost = Promise.withResolvers<void>();
  const tried = Promise.withResolvers<unknown>();
  const stubborn: WorkerDeps['performTask'] = async (_, { store, signal }) => {
    await store.putIfAbsent(KEY, Buffer.from('in time'), { contentType: 'video/iso.segment' });
    await lost.promise;
    const late = `${KEY}-late` as ObjectKey;
    const options = { contentType: 'video/iso.segment' };
    const writes = [store.putIfAbsent(late, Buffer.from('late'), options), store.put(late, Buffer.from(''), options)];
    tried.resolve(await Promise.allSettled(writes));
    throw signal.reason;
  };
  await using worker = workWith(stubborn);
  const taskId = worker.lender.add(spec);
  await eventually('the first write', () => worker.store.keys().length === 1);
  worker.lender.cancel(taskId);
  lost.resolve();
  const writes = (await tried.promise) as PromiseSettledResult<unknown>[];
  assert.deepEqual(
    writes.map((write) => write.status === 'rejected' && write.reason.code),
    ['lease_lost', 'lease_lost'],
  );
  assert.deepEqual(worker.store.keys(), [KEY]);
});

test('a worker that stops gives back what it holds before it lets its connection go', async () => {
  const worker = workWith(endless);
  const { lender } = worker;
  const taskId = lender.add(spec);
  await eventually('it is claimed', () => lender.isHeld(taskId));
  const connectedAtReturn = lender.settled(taskId).then(() => lender.connected);
  await worker.stop();
  assert.equal((await lender.settled(taskId)).outcome, 'returned');
  assert.equal(await connectedAtReturn, 1);
  await eventually('the connection is gone', () => lender.connected === 0);
});

test('a worker that stops while no orchestrator answers does not wait for one', async () => {
  const worker = workWith(endless);
  const taskId = worker.lender.add(spec);
  await eventually('it is claimed', () => worker.lender.isHeld(taskId));
  worker.lender.unreachable = true;
  await worker.stop();
  assert.equal(worker.lines.find(({ event }) => event === 'task_settled')?.outcome, 'unheard');
});

test('a result that the orchestrator refuses is a failed attempt, and the slot goes on', async () => {
  await using worker = workWith(async () => RESULT);
  const { lender } = worker;
  const complete = lender.complete.bind(lender);
  lender.complete = async () => {
    throw new DomainError('bad_request', 'the result is too long');
  };
  const refused = await lender.settled(lender.add(spec));
  assert.ok(refused.outcome === 'failed');
  assert.deepEqual([refused.failure.code, refused.failure.cause], ['result_refused', 'attempt']);
  assert.match(refused.failure.message, /the result is too long/);
  lender.complete = complete;
  assert.equal((await lender.settled(lender.add(spec))).outcome, 'done');
});
