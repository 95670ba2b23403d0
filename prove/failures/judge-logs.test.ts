import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LogLine } from '../../test/fault/read-logs.ts';
import { lostLeases, storedAfterLoss, usedAttempts } from './judge-logs.ts';

const line = (second: number, fields: { event: string; [field: string]: unknown }): LogLine => ({
  ...{
    time: `2026-11-23T00:00:0${second}.000Z`,
    role: 'worker',
    node: 'worker-1',
    videoId: 'v',
    taskId: 't',
    attempt: 1,
  },
  ...fields,
});

test('leases of the video are counted as lost, and those of others are not', () => {
  const lines = [
    line(1, { event: 'worker_gone' }),
    line(2, { event: 'lease_expired' }),
    line(3, { event: 'lease_expired', videoId: 'other' }),
  ];
  assert.equal(lostLeases(lines, 'v'), 2);
});

test('an attempt that an orchestrator counts is used up, one that waits for the store is not', () => {
  assert.deepEqual(usedAttempts([line(1, { event: 'task_paused', role: 'orchestrator' })], 'v'), []);
  assert.deepEqual(usedAttempts([line(1, { event: 'task_failed', role: 'orchestrator' })], 'v'), [
    'attempt 1 of the task t was used up',
  ]);
});

test('what a worker stores of a task after it found its lease lost is wrong, and so is never finding out', () => {
  const attempt = { taskId: 't', attempt: 1, worker: 'worker-1' };
  const before = line(1, { event: 'segment_stored', segment: 1 });
  const lost = line(2, { event: 'lease_lost' });
  const late = line(3, { event: 'segment_stored', segment: 2 });
  const another = line(3, { event: 'segment_stored', segment: 3, node: 'worker-2', attempt: 2 });
  assert.deepEqual(storedAfterLoss([before, lost, another], attempt), []);
  assert.deepEqual(storedAfterLoss([before, lost, late], attempt), [
    'worker-1 stored segment 2 after its lease was lost',
  ]);
  assert.deepEqual(storedAfterLoss([before, another], attempt), ['worker-1 never found its lease lost']);
});
