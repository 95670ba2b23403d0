import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AAC_FRAME_SAMPLES, aacFrameCount, audioBoundaries, planAudio } from './audio-plan.ts';
import { gridOf, segmentCount } from './cut-plan.ts';
import type { AudioTrackFacts } from './tasks.ts';

const track = (facts: Partial<AudioTrackFacts> = {}): AudioTrackFacts => ({
  streamIndex: 1,
  codec: 'aac',
  channels: 2,
  sampleRateHz: 44_100,
  startSeconds: '0.021000000',
  durationSeconds: 10,
  ...facts,
});
const NTSC = { numerator: 30_000, denominator: 1001 };

test('audio starts and ends with the video, to the sample', () => {
  const grid = gridOf({ frameRate: NTSC, frames: 629 });
  const plan = planAudio(track(), { grid, startSeconds: '1.466733333' });
  assert.equal(plan.samples, 1_007_406); // 629 × 1001 / 30000 s at 48 kHz
  assert.equal(plan.originSeconds, '1.466733333');
  assert.equal(plan.segmentSeconds, 4.004);
});

test('audio alone has its own start and length', () => {
  const plan = planAudio(track());
  assert.deepEqual([plan.samples, plan.originSeconds, plan.segmentSeconds], [480_000, '0.021000000', 4]);
});

test('a rendition is named by the canonical tag of its language', () => {
  const named = (language?: string): string => planAudio(track(language === undefined ? {} : { language })).rendition;
  assert.deepEqual([named('eng'), named('deu'), named('EN'), named('gsw')], ['a-en', 'a-de', 'a-en', 'a-gsw']);
  assert.deepEqual([named(), named('und'), named('no language'), named('')], ['a-und', 'a-und', 'a-und', 'a-und']);
});

test('a video of whole segments has as many audio segments, though its end lies within an AAC frame', () => {
  const grid = gridOf({ frameRate: NTSC, frames: 63_240 });
  const plan = planAudio(track(), { grid, startSeconds: '0' });
  assert.equal(audioBoundaries(plan).length - 1, segmentCount(grid));
});

test('segments cover all AAC frames, and each begins within half a frame of its place on the video grid', () => {
  const rates = fc.constantFrom(NTSC, { numerator: 25, denominator: 1 }, { numerator: 60_000, denominator: 1001 });
  fc.assert(
    fc.property(rates, fc.integer({ min: 1, max: 400_000 }), (frameRate, frames) => {
      const grid = gridOf({ frameRate, frames });
      const plan = planAudio(track(), { grid, startSeconds: '0' });
      const boundaries = audioBoundaries(plan);
      assert.equal(boundaries[0], 0);
      assert.equal(boundaries.at(-1), aacFrameCount(plan));
      for (const [n, boundary] of boundaries.slice(0, -1).entries()) {
        assert.ok(boundary < (boundaries[n + 1] ?? 0), 'no segment is empty');
        const startSeconds = (boundary * AAC_FRAME_SAMPLES) / plan.sampleRateHz;
        assert.ok(Math.abs(startSeconds - n * plan.segmentSeconds) <= AAC_FRAME_SAMPLES / plan.sampleRateHz / 2 + 1e-9);
      }
      // A last video segment shorter than half an AAC frame has no audio of its own.
      assert.ok([0, 1].includes(segmentCount(grid) - (boundaries.length - 1)));
    }),
  );
});
