import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { completeMessage, failMessage, workerMessage } from './messages.ts';

/** Workers of two versions at once: what a newer one adds must not cost the older orchestrator its tasks. */
const ADDED = { ofALaterVersion: { deep: [1] } };
const WORKER = { worker: 'w-1', session: randomUUID(), cores: 1, memoryMib: 2_048, encoders: ['libx264'] };

const SEGMENT = { segment: 0, sizeBytes: 9, durationTicks: 4 };
const RENDITION = {
  rendition: 'v240',
  codec: 'avc1.64001e',
  timescale: 1000,
  initSha256: 'ab'.repeat(32),
  initSizeBytes: 7,
  segments: [SEGMENT],
};
const RESULTS: Readonly<Record<string, object>> = {
  encode: { renditions: [RENDITION] },
  trial: { widthPx: 320, heightPx: 180, ratesBps: [1e6] },
  images: { poster: true, storyboard: false },
  text: { tracks: [{ language: 'en', label: 'English', origin: 'embedded', webvtt: 'WEBVTT\n' }] },
};

test('a worker of any version is let in, with fields that are not known here', () => {
  for (const version of ['0.0.1', '99.0.0-next.1+build', '']) {
    const said = { ...WORKER, version };
    assert.deepEqual(workerMessage.parse({ ...said, ...ADDED }), said);
  }
});

test('results of a newer worker are taken as what they are, without what is not known here', () => {
  for (const [kind, result] of Object.entries(RESULTS))
    assert.deepEqual(completeMessage.parse({ token: 1, result: { ...result, ...ADDED } }).result, result, kind);
  const renditions = [{ ...RENDITION, ...ADDED, segments: [{ ...SEGMENT, ...ADDED }] }];
  assert.deepEqual(completeMessage.parse({ token: 1, result: { renditions } }).result, RESULTS.encode);
});

test('facts of a newer probe are kept whole: they go back to workers with its tasks', () => {
  const result = { container: 'mov', durationSeconds: 2, audio: [], ...ADDED };
  assert.deepEqual(completeMessage.parse({ token: 1, result }).result, result);
});

test('a failure says more in a later version, too', () => {
  const failure = { code: 'ffmpeg_failed', message: 'it ended', cause: 'attempt' };
  assert.deepEqual(failMessage.parse({ token: 1, failure: { ...failure, ...ADDED } }).failure, failure);
});

test('what an older worker leaves out is refused, and not guessed', () => {
  const { segments: _, ...without } = RENDITION;
  assert.equal(completeMessage.safeParse({ token: 1, result: { renditions: [without] } }).success, false);
  assert.equal(workerMessage.safeParse(WORKER).success, false);
});
