import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TimelineEvent } from '../../../src/domain/video-events.ts';
import { attemptsOf } from './attempts-of.ts';

const AT = Date.parse('2026-01-01T00:00:00Z');
let lastId = 0;
const event = (second: number, to: string, more: Partial<TimelineEvent> = {}): TimelineEvent => ({
  id: ++lastId,
  at: new Date(AT + second * 1000).toISOString(),
  subject: 'task',
  jobId: 'job',
  taskId: 'a',
  kind: 'encode',
  attempt: 1,
  worker: 'worker-1',
  from: null,
  to,
  reason: null,
  ...more,
});

const brief = (events: TimelineEvent[]) =>
  attemptsOf(events, 'job').map(({ taskId, number, worker, startMs, endMs, outcome, reason }) =>
    [taskId, number, worker, (startMs - AT) / 1000, endMs && (endMs - AT) / 1000, outcome, reason].join(' '),
  );

test('an attempt lasts from its lease to its end', () => {
  const events = [event(0, 'queued', { worker: null, attempt: null }), event(1, 'leased'), event(3, 'done')];
  assert.deepEqual(brief(events), ['a 1 worker-1 1 3 done ']);
});

test('a task that was taken from a worker shows both attempts, and why', () => {
  const events = [
    event(1, 'leased'),
    event(16, 'queued', { reason: 'lease expired' }),
    event(17, 'leased', { attempt: 2, worker: 'worker-2' }),
  ];
  assert.deepEqual(brief(events), ['a 1 worker-1 1 16 returned lease expired', 'a 2 worker-2 17  running ']);
});

test('attempts come by their start, and those of other jobs and of no task not at all', () => {
  const events = [
    event(1, 'leased'),
    event(2, 'leased', { taskId: 'b' }),
    event(3, 'done', { taskId: 'b' }),
    event(4, 'dead', { reason: 'ffmpeg ended with 1' }),
    event(5, 'leased', { jobId: 'other' }),
    event(6, 'failed', { subject: 'job', taskId: null }),
  ];
  assert.deepEqual(brief(events), ['a 1 worker-1 1 4 dead ffmpeg ended with 1', 'b 1 worker-1 2 3 done ']);
});
