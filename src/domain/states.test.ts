import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as states from './states.ts';

const { JOB_STATES, TASK_STATES, VIDEO_STATES } = states;

/** Every arrow of a machine, as `from>to`. */
const arrows = <S extends string>(all: readonly S[], before: (next: S) => readonly S[]): string[] =>
  all.flatMap((next) => before(next).map((from) => `${from}>${next}`)).toSorted();

test('a video goes from upload to ready or failed, and back to processing only', () => {
  const expected = [
    'uploading>uploaded',
    'uploaded>processing',
    'uploading>failed',
    'uploaded>failed',
    'processing>ready',
    'processing>failed',
    'failed>processing',
    'ready>processing',
  ];
  assert.deepEqual(arrows(VIDEO_STATES, states.videoStatesBefore), expected.toSorted());
});

test('a job that has ended stays as it ended', () => {
  const allowed = arrows(JOB_STATES, states.jobStatesBefore);
  for (const state of JOB_STATES)
    assert.equal(states.isFinalJob(state), !allowed.some((arrow) => arrow.startsWith(`${state}>`)), state);
  assert.ok(allowed.includes('queued>running') && allowed.includes('running>succeeded'));
  assert.equal(allowed.includes('queued>succeeded'), false);
});

test('a task that is done, dead or cancelled is never lent again', () => {
  const allowed = arrows(TASK_STATES, states.taskStatesBefore);
  const expected = [
    'queued>leased',
    'leased>leased',
    'leased>queued',
    'leased>done',
    'queued>dead',
    'leased>dead',
    'queued>cancelled',
    'leased>cancelled',
  ];
  assert.deepEqual(allowed, expected.toSorted());
});
