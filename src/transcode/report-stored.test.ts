import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../../test/support/eventually.ts';
import type { LentTask, StoredRendition } from '../domain/tasks.ts';
import { silentLog } from '../lib/log.ts';
import { reportStored } from './report-stored.ts';

const TASK = { taskId: 'a task' } as unknown as LentTask;
const stored = (segment: number): StoredRendition => ({
  rendition: 'v240',
  codec: 'avc1.64001f',
  timescale: 10_000,
  initSha256: 'ab'.repeat(32),
  initSizeBytes: 800,
  segments: [{ segment, sizeBytes: 1, durationTicks: 40_000 }],
});

/** An orchestrator that keeps what it is told, and may be away. */
function lender() {
  const told: number[][] = [];
  const state = { isAway: false, calls: 0 };
  const report = async (_: LentTask, renditions: readonly StoredRendition[]): Promise<void> => {
    state.calls += 1;
    if (state.isAway) throw new Error('connection refused');
    told.push(renditions.flatMap(({ segments }) => segments.map(({ segment }) => segment)));
  };
  return { report, told, state };
}

test('the first segment is told at once, and those of the next second together', async () => {
  const to = lender();
  await using report = reportStored(TASK, { lender: to, log: silentLog() });
  for (const segment of [0, 1, 2]) report.add(stored(segment));
  assert.deepEqual(to.told, [[0]]);
  await eventually('the others are told', () => to.told.length === 2);
  assert.deepEqual(to.told, [[0], [1, 2]]);
});

test('what could not be told is told later, in order', async () => {
  const to = lender();
  to.state.isAway = true;
  await using report = reportStored(TASK, { lender: to, log: silentLog() });
  report.add(stored(0));
  await eventually('it was tried', () => to.state.calls > 0);
  to.state.isAway = false;
  report.add(stored(1));
  await eventually('it is told', () => to.told.length > 0);
  assert.deepEqual(to.told, [[0, 1]]);
});

test('when the task ends, nothing more is told, and a report on its way is given up', async () => {
  const to = { calls: 0, report: (_: LentTask, __: unknown, signal: AbortSignal) => hang(to, signal) };
  {
    await using report = reportStored(TASK, { lender: to, log: silentLog() });
    report.add(stored(0));
    report.add(stored(1));
  }
  assert.equal(to.calls, 1);
});

function hang(to: { calls: number }, signal: AbortSignal): Promise<void> {
  to.calls += 1;
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
}
