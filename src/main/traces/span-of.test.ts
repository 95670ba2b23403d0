import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LogEvent } from '../../domain/log-events.ts';
import { jobTraceId, spanOf, TRACED } from './span-of.ts';

const JOB = { videoId: '0123456789abcdef', jobId: '34a9c601-5ddb-4e77-b818-afaf1270b183' } as const;
const ATTEMPT = { ...JOB, taskId: '99f85128-0000-4000-8000-000000000000', attempt: 2, kind: 'encode' } as const;
const NOW_MS = 1_700_000_000_000;

const told = (line: LogEvent) => spanOf(line, NOW_MS, () => 'aaaaaaaaaaaaaaaa');

test('an attempt is a span from its claim to its end, below the grant that the orchestrator told', () => {
  const lent = told({ event: 'task_leased', ...ATTEMPT, worker: 'worker-1', leaseMs: 15_000 });
  const settled = told({ event: 'task_settled', ...ATTEMPT, outcome: 'failed', durationMs: 1_200 });
  assert.equal(settled?.parentId, lent?.spanId);
  assert.deepEqual([lent?.traceId, settled?.traceId], [jobTraceId(JOB.jobId), jobTraceId(JOB.jobId)]);
  assert.deepEqual([settled?.startMs, settled?.endMs, settled?.failure], [NOW_MS - 1_200, NOW_MS, 'failed']);
  assert.equal(settled?.attributes['millrace.taskId'], ATTEMPT.taskId);
});

test('two attempts at one task are two spans', () => {
  const first = told({ event: 'task_settled', ...ATTEMPT, attempt: 1, outcome: 'lost', durationMs: 5 });
  const second = told({ event: 'task_settled', ...ATTEMPT, outcome: 'done', durationMs: 5 });
  assert.notEqual(first?.spanId, second?.spanId);
  assert.equal(second?.failure, undefined);
});

test('a job of a later generation begins with itself, as no upload came before', () => {
  const first = told({ event: 'job_started', ...JOB, generation: 1 });
  const later = told({ event: 'job_started', ...JOB, generation: 2 });
  const upload = told({ event: 'upload_completed', ...JOB, sizeBytes: 1, parts: 1, contentId: '', durationMs: 9 });
  assert.equal(first?.parentId, upload?.spanId);
  assert.deepEqual([later?.parentId, later?.spanId, upload?.parentId], [undefined, upload?.spanId, undefined]);
});

test('a line of playback is a span where it stands in a trace, and none where it does not', () => {
  const line = { event: 'store_read', key: 'videos/x', outcome: 'failed', durationMs: 3 } as const;
  assert.equal(told(line), undefined);
  const trace = { traceId: 'b'.repeat(32), spanId: 'c'.repeat(16), parentId: 'd'.repeat(16) };
  const span = told({ ...line, trace });
  assert.deepEqual([span?.traceId, span?.parentId, span?.failure], [trace.traceId, trace.spanId, 'failed']);
});

test('what happens outside of an attempt, such as a look at the tools at the start, is no span', () => {
  const line = { event: 'ffmpeg_exited', program: 'ffmpeg', exitCode: 0, by: null, durationMs: 5 } as const;
  assert.ok(TRACED.has(line.event));
  assert.equal(told(line), undefined);
});
