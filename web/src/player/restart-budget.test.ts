import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRestartBudget } from './restart-budget.ts';

test('failures at one place wait longer and longer, and then are final', () => {
  const budget = createRestartBudget([500, 2000]);
  assert.deepEqual([budget.next(10), budget.next(10.2), budget.next(10.2)], [500, 2000, undefined]);
});

test('a failure further on in the video is a new one', () => {
  const budget = createRestartBudget([500, 2000]);
  budget.next(10);
  budget.next(10);
  assert.equal(budget.next(30), 500);
});

test('seeking back to before the break counts as another place too', () => {
  const budget = createRestartBudget([500]);
  budget.next(30);
  assert.equal(budget.next(5), 500);
  assert.equal(budget.next(5), undefined);
});
