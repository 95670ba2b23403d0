import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planJob } from './plan-job.ts';
import type { AudioTrackFacts, SourceFacts, VideoTrackFacts } from './tasks.ts';

const video = (facts: Partial<VideoTrackFacts> = {}): VideoTrackFacts => ({
  streamIndex: 0,
  codec: 'h264',
  widthPx: 1280,
  heightPx: 720,
  frameRate: { numerator: 25, denominator: 1 },
  frames: 1500,
  startSeconds: '0.000000000',
  interlaced: false,
  squarePixels: true,
  keyframeIntervalSeconds: 2,
  ...facts,
});
const audio = (streamIndex: number, language: string): AudioTrackFacts => ({
  streamIndex,
  language,
  codec: 'aac',
  channels: 2,
  sampleRateHz: 48_000,
  startSeconds: '0.000000000',
  durationSeconds: 60,
});
const source = (facts: Partial<SourceFacts> = {}): SourceFacts => ({
  container: 'mov,mp4,m4a,3gp,3g2,mj2',
  durationSeconds: 60,
  video: video(),
  audio: [audio(1, 'eng'), audio(2, 'deu')],
  ...facts,
});
const soundOnly = (): SourceFacts => ({ container: 'mp3', durationSeconds: 60, audio: [audio(0, 'eng')] });

test('a video gets a grid, a ladder, chunks and all its audio tracks', () => {
  const plan = planJob(source());
  assert.equal(plan.grid?.segmentFrames, 100);
  assert.deepEqual(
    plan.rungs.map((rung) => rung.rendition),
    ['v720', 'v480', 'v360', 'v240'],
  );
  assert.equal(
    plan.chunks.reduce((sum, chunk) => sum + chunk.frames, 0),
    1500,
  );
  assert.deepEqual(
    plan.audio.map((one) => [one.rendition, one.track.streamIndex, one.samples]),
    [
      ['a-en', 1, 60 * 48_000],
      ['a-de', 2, 60 * 48_000],
    ],
  );
});

test('the track that the file marks goes first, and two of a language have two names', () => {
  const tracks = [audio(1, 'eng'), { ...audio(2, 'deu'), isDefault: true }, audio(3, 'eng')];
  const plan = planJob(source({ audio: tracks }));
  assert.deepEqual(
    plan.audio.map((one) => [one.rendition, one.track.streamIndex]),
    [
      ['a-de', 2],
      ['a-en', 1],
      ['a-en-2', 3],
    ],
  );
});

test('no more audio tracks are made than films have', () => {
  const many = Array.from({ length: 14 }, (_, i) => audio(i + 1, 'eng'));
  assert.equal(planJob(source({ audio: many })).audio.length, 8);
});

test('where timestamps jump, one task encodes all of it', () => {
  const { chunks } = planJob(source({ video: video({ jumps: ['-3.2'] }) }));
  assert.deepEqual(chunks, [{ chunk: 0, firstSegment: 0, firstFrame: 0, frames: 1500 }]);
});

test('sound begins where the picture would without the delay of its decoder', () => {
  const plan = planJob(source({ video: video({ startSeconds: '0.04', soundStartSeconds: '0.00' }) }));
  assert.equal(plan.audio[0]?.originSeconds, '0.00');
});

test('a silent video has no audio rendition', () => {
  assert.deepEqual(planJob(source({ audio: [] })).audio, []);
});

test('sound without pictures gets an audio rendition and nothing else', () => {
  const plan = planJob(soundOnly());
  assert.deepEqual([plan.grid, plan.rungs, plan.chunks, plan.audio.length], [undefined, [], [], 1]);
});

test('the same facts always give the same plan', () => {
  assert.deepEqual(planJob(source()), planJob(source()));
});

const REFUSED: readonly [why: string, facts: SourceFacts, code: string][] = [
  ['without any track', { container: 'mov', durationSeconds: 3, audio: [] }, 'not_a_video'],
  ['that lasts no time', source({ durationSeconds: 0 }), 'not_a_video'],
  ['without a frame', source({ video: video({ frames: 0 }) }), 'not_a_video'],
  ['of 16000 by 16000 pixels', source({ video: video({ widthPx: 16_000, heightPx: 16_000 }) }), 'source_unsupported'],
  ['that is a strip', source({ video: video({ widthPx: 4000, heightPx: 100 }) }), 'source_unsupported'],
  ['of a few pixels', source({ video: video({ widthPx: 8, heightPx: 8 }) }), 'source_unsupported'],
  ['longer than a day', source({ durationSeconds: 90_000 }), 'source_unsupported'],
];
for (const [why, facts, code] of REFUSED) {
  test(`a source ${why} is refused`, () => {
    assert.throws(() => planJob(facts), { code });
  });
}
