import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TaskEntry } from '../../../src/domain/job-lists.ts';
import { queueFacts } from './queue-facts.ts';

const task = (kind: string, more: Partial<TaskEntry> = {}): TaskEntry => ({
  id: 'a',
  jobId: 'job',
  videoId: 'video',
  kind,
  state: 'queued',
  renditions: [],
  fromSeconds: null,
  toSeconds: null,
  attempt: 0,
  failures: 0,
  worker: null,
  leaseUntil: null,
  blocked: false,
  notBefore: null,
  pausedReason: null,
  startedAt: null,
  endedAt: null,
  error: null,
  ...more,
});

test('every open task is counted once, by what it waits for', () => {
  const { kinds, ...counts } = queueFacts([
    task('encode', { state: 'leased', worker: 'worker-1' }),
    task('encode'),
    task('encode', { pausedReason: 'store_unavailable', blocked: true }),
    task('audio', { notBefore: '2026-01-01T00:00:00Z' }),
    task('publish', { blocked: true }),
  ]);
  assert.deepEqual(counts, { running: 1, waiting: 1, blocked: 1, paused: 2 });
  assert.deepEqual(kinds[0], { kind: 'encode', running: 1, waiting: 2 });
});

test('an empty queue is all zeros', () => {
  assert.deepEqual(queueFacts([]), { running: 0, waiting: 0, blocked: 0, paused: 0, kinds: [] });
});
