import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ManualClock } from '../../test/fakes/manual-clock.ts';
import { createRetryBudget } from './retry-budget.ts';

const takeAll = (budget: { take(): boolean }): number => {
  let taken = 0;
  while (budget.take()) taken++;
  return taken;
};

test('a quiet router may retry a little, and again once that is forgotten', () => {
  const clock = new ManualClock();
  const budget = createRetryBudget(clock);
  assert.equal(takeAll(budget), 100);
  clock.advance(9_000);
  assert.equal(takeAll(budget), 0);
  clock.advance(1_000);
  assert.equal(takeAll(budget), 100);
});

test('a fifth of the requests may be retried on top', () => {
  const budget = createRetryBudget(new ManualClock());
  for (let i = 0; i < 5000; i++) budget.noteRequest();
  assert.equal(takeAll(budget), 1100);
});

test('over any ten seconds there are never more retries than the budget says', () => {
  const step = fc.record({ afterMs: fc.nat(3000), requests: fc.nat(300), tries: fc.nat(400) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const clock = new ManualClock();
      const budget = createRetryBudget(clock);
      const requests: number[] = [];
      const retries: number[] = [];
      for (const { afterMs, requests: count, tries } of steps) {
        clock.advance(afterMs);
        const second = Math.floor(clock.nowMs() / 1000);
        requests.push(...Array(count).fill(second));
        for (let i = 0; i < count; i++) budget.noteRequest();
        const taken = Array.from({ length: tries }, () => budget.take()).filter(Boolean).length;
        retries.push(...Array(taken).fill(second));
        const inWindow = (of: number[]) => of.filter((at) => at > second - 10).length;
        // Requests that are forgotten take no retry back, so this holds whenever one was given.
        if (taken > 0) assert.ok(inWindow(retries) <= 100 + 0.2 * inWindow(requests) + 1e-9);
      }
    }),
  );
});
