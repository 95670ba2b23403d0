import assert from 'node:assert/strict';
import { test } from 'node:test';
import { capturedLog } from '../../test/fakes/captured-log.ts';
import { MemoryTaskLender } from '../../test/fakes/memory-task-lender.ts';
import { eventually } from '../../test/support/eventually.ts';
import { DomainError } from '../domain/errors.ts';
import type { TaskId } from '../domain/ids.ts';
import type { WorkerInfo, WorkerNews } from '../domain/ports.ts';
import { HeldLeases } from './held-leases.ts';
import { holdConnection } from './hold-connection.ts';

const worker = { worker: 'worker-a', session: 's-1', version: '1.0.0' } as WorkerInfo;
const clock = { nowMs: () => performance.now() };
const never = new AbortController().signal;

function fixture() {
  const lender = new MemoryTaskLender();
  const { log, lines } = capturedLog();
  const reachable: boolean[] = [];
  const status = { orchestratorAnswered: () => reachable.push(true), orchestratorFailed: () => reachable.push(false) };
  const news: WorkerNews[] = [];
  const deps = { lender, worker, status, clock, random: () => 0, log };
  return { lender, lines, news, reachable, hold: () => holdConnection(deps, (one) => news.push(one)) };
}

test('a connection that the other side ends is made again at once', async () => {
  const { lender, lines, hold } = fixture();
  await using connection = hold();
  await connection.standing(never);
  lender.hangUp();
  await eventually('it is made again', () => lender.connects === 2);
  await connection.standing(never);
  const said = lines.map(({ event }) => event);
  assert.deepEqual(said, ['orchestrator_connected', 'orchestrator_unreachable', 'orchestrator_connected']);
});

test('while no orchestrator answers it is tried again and again, and said once', async () => {
  const { lender, lines, reachable, hold } = fixture();
  lender.unreachable = true;
  await using connection = hold();
  await eventually('some tries', () => lender.connects >= 4);
  lender.unreachable = false;
  await connection.standing(never);
  assert.equal(lines.filter(({ event }) => event === 'orchestrator_unreachable').length, 1);
  assert.deepEqual([reachable.includes(true), reachable.at(-1)], [true, true]);
});

test('a worker that is too old says so, what it speaks and what is needed, and does not knock all the time', async () => {
  const { lender, lines, reachable, hold } = fixture();
  lender.refusal = new DomainError('worker_too_old', 'contract 2 is needed');
  await using connection = hold();
  await eventually('it is told', () => lines.length > 0);
  const said = lines.map(({ event, contract, err }) => [event, contract, (err as Error).message]);
  assert.deepEqual(said, [['worker_refused', 1, 'DomainError: contract 2 is needed']]);
  const stop = AbortSignal.timeout(1_000);
  await connection.standing(stop);
  assert.deepEqual([lender.connects, reachable], [1, [false]]);
});

test('a connection does not stand before the first sign of life, and waiting for it can be given up', async () => {
  const { lender, hold } = fixture();
  lender.unreachable = true;
  await using connection = hold();
  const stop = new AbortController();
  const standing = connection.standing(stop.signal);
  stop.abort();
  await standing;
  assert.equal(lender.connected, 0);
});

test('the connection ends with its holder', async () => {
  const { lender, hold } = fixture();
  {
    await using connection = hold();
    await connection.standing(never);
    assert.equal(lender.connected, 1);
  }
  await eventually('it is gone', () => lender.connected === 0);
  assert.equal(lender.connects, 1);
});

const taskId = '00000000-0000-4000-8000-000000000000' as TaskId;
const ended = (token: number): WorkerNews => ({ news: 'lease_ended', taskId, token });

test('news of a lease reach the attempt that works under it, and no other', () => {
  const held = new HeldLeases();
  const ends: number[] = [];
  held.hear(ended(2));
  {
    using _ = held.add({ taskId, token: 2 }, { end: () => ends.push(2) });
    held.hear(ended(1));
    held.hear({ news: 'beat' });
    assert.deepEqual(ends, []);
    held.hear(ended(2));
    assert.deepEqual(ends, [2]);
  }
  held.hear(ended(2));
  assert.deepEqual(ends, [2]);
});
