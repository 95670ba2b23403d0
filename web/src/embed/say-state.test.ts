import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JobResource } from '../../../src/domain/video-resource.ts';
import { sayState } from './say-state.ts';

const job = (state: JobResource['state'], progress: number): JobResource => ({
  id: 'j1',
  generation: 1,
  state,
  progress,
  tasks: { queued: 0, leased: 0, done: 0, dead: 0, cancelled: 0 },
  attempts: 0,
  pausedReason: null,
  error: null,
});

test('a viewer is told how far a video is', () => {
  assert.match(sayState({ state: 'uploading', job: null })[0], /uploaded/);
  assert.match(sayState({ state: 'uploaded', job: null })[0], /0%/);
  const running = { ...job('running', 0.429), tasks: { queued: 4, leased: 1, done: 4, dead: 0, cancelled: 0 } };
  assert.deepEqual(sayState({ state: 'processing', job: running }), ['Processing 42%', '4 of 9 tasks done']);
});

test('a video that failed says so, unless it is tried again', () => {
  assert.match(sayState({ state: 'failed', job: job('failed', 0.4) })[0], /could not/);
  assert.match(sayState({ state: 'failed', job: job('queued', 0) })[0], /Processing/);
});
