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

test('a job that has ended stays as it ended, but that a failed or cancelled one may be queued again', () => {
  const allowed = arrows(JOB_STATES, states.jobStatesBefore);
  for (const state of JOB_STATES)
    assert.equal(states.isFinalJob(state), !allowed.some((arrow) => isOnwards(arrow, state)), state);
  assert.deepEqual(allowed.filter((arrow) => arrow.endsWith('>queued')).toSorted(), [
    'cancelled>queued',
    'failed>queued',
    'running>queued',
  ]);
  assert.ok(allowed.includes('queued>running') && allowed.includes('running>succeeded'));
  assert.equal(allowed.includes('queued>succeeded'), false);
});

const isOnwards = (arrow: string, from: string): boolean => arrow.startsWith(`${from}>`) && !arrow.endsWith('>queued');

test('a task is lent only from the line, and what is done stays done', () => {
  const allowed = arrows(TASK_STATES, states.taskStatesBefore);
  const expected = [
    'queued>leased',
    'leased>queued',
    'dead>queued',
    'cancelled>queued',
    'leased>done',
    'queued>dead',
    'leased>dead',
    'queued>cancelled',
    'leased>cancelled',
  ];
  assert.deepEqual(allowed, expected.toSorted());
});
