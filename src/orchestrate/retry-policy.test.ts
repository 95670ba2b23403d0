import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { TaskHistory } from '../domain/job-records.ts';
import type { FailureCause, TaskFailure } from '../domain/tasks.ts';
import { MAX_ATTEMPTS, POISON_AT, retryPolicy } from './retry-policy.ts';

const NEW: TaskHistory = { failures: 0, pauses: 0, lostWorkers: [] };
const failed = (cause: FailureCause): TaskFailure => ({ code: 'a_code', message: 'a message', cause });
const longest = retryPolicy(() => 1);

test('pauses double from one second to eight, before the last attempt', () => {
  const delays = [0, 1, 2, 3].map((failures) => longest({ ...NEW, failures }, failed('attempt')).delayMs);
  assert.deepEqual(delays, [1_000, 2_000, 4_000, 8_000]);
});

test('a store that is away is asked again at least every ten seconds, for ever', () => {
  for (const pauses of [0, 3, 4, 100, 1e6]) {
    const verdict = longest({ ...NEW, pauses }, failed('store'));
    assert.equal(verdict.outcome, 'paused');
    assert.ok(verdict.delayMs <= 10_000);
  }
});

const anyHistory = fc.record({
  failures: fc.nat(20),
  pauses: fc.nat(2_000),
  lostWorkers: fc.array(fc.string(), { maxLength: 5 }),
});
const anyCause = fc.constantFrom<FailureCause>('input', 'store', 'worker', 'outage', 'attempt');
const anyChance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

test('whatever a task has been through, its pause is bounded and jittered over the whole of it', () => {
  fc.assert(
    fc.property(anyHistory, anyCause, anyChance, (history, cause, chance) => {
      const [some, none] = [retryPolicy(() => chance), retryPolicy(() => 0)].map((it) => it(history, failed(cause)));
      const most = longest(history, failed(cause));
      assert.equal(some!.outcome, most.outcome);
      assert.equal(none!.delayMs, 0);
      assert.ok(some!.delayMs >= 0 && some!.delayMs <= most.delayMs && most.delayMs <= 60_000);
    }),
  );
});

test('whatever comes in whatever order, a task ends after five failures or three lost workers, and never before', () => {
  const anyCauses = fc.array(fc.constantFrom<FailureCause>('store', 'worker', 'attempt'), { maxLength: 60 });
  fc.assert(
    fc.property(anyCauses, (causes) => {
      let history = NEW;
      for (const cause of causes) {
        const failures = history.failures + (cause === 'store' ? 0 : 1);
        const lostWorkers = [...history.lostWorkers, ...(cause === 'worker' ? ['w'] : [])];
        const { outcome } = longest(history, failed(cause));
        const isEnd = cause !== 'store' && (failures >= MAX_ATTEMPTS || lostWorkers.length >= POISON_AT);
        assert.equal(outcome === 'dead', isEnd);
        if (isEnd) return;
        history = { failures, lostWorkers, pauses: cause === 'store' ? history.pauses + 1 : 0 };
      }
    }),
  );
});

test('an outage in which nobody could be heard uses up nothing and delays nothing', () => {
  assert.deepEqual(longest({ failures: 4, pauses: 9, lostWorkers: ['a', 'b'] }, failed('outage')), {
    outcome: 'paused',
    delayMs: 0,
  });
});

test('bad input ends it at once, with its own code', () => {
  assert.deepEqual(longest(NEW, failed('input')), { outcome: 'dead', delayMs: 0 });
});

test('after a lost worker it goes on at once, and the third one is told as poison with all their names', () => {
  const first = longest(NEW, failed('worker'));
  assert.deepEqual([first.outcome, first.delayMs, first.shunMs], ['retry', 0, 30_000]);
  const third = longest({ failures: 2, pauses: 0, lostWorkers: ['w-1', 'w-2'] }, failed('worker'));
  assert.deepEqual([third.outcome, third.instead?.code], ['dead', 'poison_task']);
  assert.match(third.instead?.message ?? '', /3 workers.*w-1, w-2.*a message/);
});
