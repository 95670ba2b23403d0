import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AUDIO_CHUNK_SECONDS, audioChunks, audioSpan, cutSound, encodedSpan } from './audio-chunks.ts';
import { AAC_FRAME_SAMPLES, aacFrameCount, audioBoundaries, planAudio } from './audio-plan.ts';
import { gridOf } from './cut-plan.ts';
import type { AudioPlan, AudioTrackFacts } from './tasks.ts';

const track = (durationSeconds: number, facts: Partial<AudioTrackFacts> = {}): AudioTrackFacts => ({
  streamIndex: 1,
  codec: 'aac',
  channels: 2,
  sampleRateHz: 44_100,
  startSeconds: '0.000000000',
  durationSeconds,
  steady: { packetSamples: 1024, startSeconds: '0.000000000' },
  ...facts,
});
const chunksOf = (seconds: number): number =>
  audioChunks(cutSound(planAudio(track(seconds)), AUDIO_CHUNK_SECONDS)).length;

test('half an hour of sound is one task, and ten hours are twenty', () => {
  assert.deepEqual([chunksOf(1800), chunksOf(1805), chunksOf(36_000)], [1, 2, 20]);
});

test('sound whose places cannot be found exactly is one task, however long', () => {
  const { steady: _, ...uneven } = track(36_000);
  const plan = cutSound(planAudio(uneven), AUDIO_CHUNK_SECONDS);
  assert.equal(plan.chunkSegments, undefined);
  assert.deepEqual(audioChunks(plan), [{ firstSegment: 0, segments: 9_000 }]);
});

const paces = fc.record({
  frameRate: fc.constantFrom(
    { numerator: 25, denominator: 1 },
    { numerator: 30_000, denominator: 1001 },
    { numerator: 7, denominator: 3 },
  ),
  frames: fc.integer({ min: 1, max: 5_000 }),
  withPicture: fc.boolean(),
});
const plans: fc.Arbitrary<AudioPlan> = fc
  .tuple(paces, fc.integer({ min: 1, max: 300 }))
  .map(([{ frameRate, frames, withPicture }, chunkSeconds]) => {
    const sound = track(frames / 25);
    const grid = gridOf({ frameRate, frames });
    return cutSound(planAudio(sound, withPicture ? { grid, startSeconds: '0' } : undefined), chunkSeconds);
  });

test('chunks tile the sound: every AAC frame once, each chunk from one segment boundary to another', () => {
  fc.assert(
    fc.property(plans, (plan) => {
      const boundaries = new Set(audioBoundaries(plan));
      const spans = audioChunks(plan).map((chunk) => audioSpan(plan, chunk));
      assert.equal(spans[0]?.firstFrame, 0);
      assert.equal(spans.at(-1)?.endFrame, aacFrameCount(plan));
      assert.equal(spans.at(-1)?.endSample, plan.samples);
      for (const [i, { firstFrame, endFrame, startSample }] of spans.entries()) {
        assert.ok(endFrame > firstFrame);
        assert.ok(boundaries.has(firstFrame));
        assert.equal(startSample, firstFrame * AAC_FRAME_SAMPLES);
        if (i > 0) assert.equal(firstFrame, spans[i - 1]?.endFrame);
      }
    }),
  );
});

test('chunks are of nearly the same length, and what is encoded holds the chunk and fifteen seconds before it', () => {
  fc.assert(
    fc.property(plans, (plan) => {
      const chunks = audioChunks(plan);
      const lengths = chunks.map(({ segments }) => segments);
      assert.ok(lengths.slice(0, -1).every((length) => length === lengths[0]));
      for (const chunk of chunks) {
        const [wanted, encoded] = [audioSpan(plan, chunk), encodedSpan(plan, chunk)];
        assert.ok(encoded.firstFrame <= wanted.firstFrame && encoded.endFrame >= wanted.endFrame);
        assert.ok(encoded.firstFrame === 0 || wanted.startSample - encoded.startSample >= 15 * plan.sampleRateHz);
        assert.ok(encoded.endSample <= plan.samples);
      }
    }),
  );
});
