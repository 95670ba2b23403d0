import assert from 'node:assert/strict';
import { test } from 'node:test';
import { capturedLog } from '../../test/fakes/captured-log.ts';
import { ManualClock } from '../../test/fakes/manual-clock.ts';
import type { JobId, TaskId, VideoId } from '../domain/ids.ts';
import type { Setback } from '../domain/job-records.ts';
import { Bell } from '../lib/bell.ts';
import { retryPolicy } from './retry-policy.ts';
import { Attention, takeTasks } from './take-tasks.ts';

const LEASE_MS = 15_000;
const ROUND_MS = 500;

function fixture() {
  const clock = new ManualClock();
  const { log, lines } = capturedLog();
  const looked: string[] = [];
  const found: Setback[] = [];
  let broken = false;
  const look = (what: string) => async (): Promise<Setback[]> => {
    if (broken) throw new Error('no database');
    looked.push(what);
    return found.splice(0);
  };
  const records = { takeFromSilent: look('silent'), takeFromGone: look('gone') };
  const attention = new Attention(clock, LEASE_MS);
  const deps = {
    records,
    decide: retryPolicy(() => 0),
    attention,
    log,
    leaseMs: LEASE_MS,
    bells: { work: new Bell() },
  };
  /** @returns what was looked for in that time. */
  const pass = async (ms: number): Promise<Set<string>> => {
    looked.length = 0;
    for (let passed = 0; passed < ms; passed += ROUND_MS) {
      await takeTasks(deps).catch(() => {});
      clock.advance(ROUND_MS);
    }
    return new Set(looked);
  };
  const breakDown = (is: boolean): void => {
    broken = is;
  };
  return { pass, clock, lines, found, breakDown };
}

test('after its start an orchestrator counts nobody as gone for three seconds, and nobody as silent for a lease', async () => {
  const { pass } = fixture();
  assert.deepEqual(await pass(3_000), new Set());
  assert.deepEqual(await pass(12_000), new Set(['gone']));
  assert.deepEqual(await pass(1_000), new Set(['gone', 'silent']));
});

test('after a time without database every holder has a whole lease again', async () => {
  const { pass, breakDown } = fixture();
  await pass(20_000);
  breakDown(true);
  await pass(60_000);
  breakDown(false);
  assert.deepEqual(await pass(3_000), new Set());
  assert.deepEqual(await pass(12_000), new Set(['gone']));
  assert.deepEqual(await pass(1_000), new Set(['gone', 'silent']));
});

test('after a time in which the orchestrator was frozen every holder has a whole lease again', async () => {
  const { pass, clock } = fixture();
  await pass(20_000);
  clock.advance(60_000);
  assert.deepEqual(await pass(3_000), new Set());
  await pass(11_000);
  assert.deepEqual(await pass(2_000), new Set(['gone', 'silent']));
});

test('a taken task is told by what happened to its worker, and by what follows', async () => {
  const { pass, found, lines } = fixture();
  await pass(4_000);
  const failure = { code: 'worker_gone', message: 'w-1 is gone', cause: 'worker' } as const;
  const ids = { taskId: 't' as TaskId, jobId: 'j' as JobId, videoId: 'v' as VideoId, attempt: 2 };
  found.push({ ...ids, kind: 'encode', worker: 'w-1', outcome: 'retry', delayMs: 0, failure });
  await pass(ROUND_MS);
  assert.deepEqual(
    lines.map(({ event, worker, outcome }) => [event, worker, outcome]),
    [
      ['worker_gone', 'w-1', undefined],
      ['task_failed', 'w-1', 'retry'],
    ],
  );
});
