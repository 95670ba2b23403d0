import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { codecLadder } from './ladder.ts';
import { planJob } from './plan-job.ts';
import { dueOfLowRung, dueOfRest, encodeMib, LINE_LAG_SECONDS, lendableMib, probeTask, tasksOf } from './task-order.ts';
import type { AudioTrackFacts, SourceFacts } from './tasks.ts';

const source = { videoId: '0123456789abcdef' as never, sizeBytes: 1 };

const factsOf = (seconds: number): SourceFacts => ({
  container: 'mov',
  durationSeconds: seconds,
  video: {
    streamIndex: 0,
    codec: 'h264',
    widthPx: 1920,
    heightPx: 1080,
    frameRate: { numerator: 25, denominator: 1 },
    frames: seconds * 25,
    startSeconds: '0',
    interlaced: false,
    squarePixels: true,
    keyframeIntervalSeconds: 2,
  },
  audio: [],
});

test('every chunk is made once in each rung: in the lowest one alone, in the others together', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4_000 }), (seconds) => {
      const plan = planJob(factsOf(seconds));
      const made = tasksOf(plan, source, 1).flatMap(({ spec }) =>
        spec.kind === 'encode' ? spec.rungs.map((rung) => `${rung.rendition} ${spec.chunk.chunk}`) : [],
      );
      const wanted = plan.rungs.flatMap((rung) => plan.chunks.map(({ chunk }) => `${rung.rendition} ${chunk}`));
      assert.deepEqual(made.toSorted(), wanted.toSorted());
    }),
  );
});

test('of one video the probe goes first, then the first seconds, then the low rung in time, then the rest in time', () => {
  const seconds = fc.double({ min: 0.01, max: 86_400, noNaN: true });
  fc.assert(
    fc.property(seconds, seconds, seconds, (a, b, duration) => {
      const [early, late] = [Math.min(a, b), Math.max(a, b)];
      assert.ok(probeTask(source, 1).dueSeconds < dueOfLowRung(0));
      assert.ok(dueOfLowRung(0) < dueOfLowRung(early) && dueOfLowRung(early) <= dueOfLowRung(late));
      assert.ok(dueOfRest(early, duration) <= dueOfRest(late, duration));
      if (late <= duration) assert.ok(dueOfLowRung(late) <= dueOfRest(0, duration));
    }),
  );
});

test('whoever has waited for four days goes before anybody who comes new, however urgent', () => {
  const DAY = 86_400;
  const plan = planJob(factsOf(DAY));
  const rungs = [...plan.rungs, ...codecLadder(plan.rungs, 'hevc'), ...codecLadder(plan.rungs, 'av1')];
  const tasks = tasksOf({ ...plan, rungs }, source, 1);
  const last = Math.max(...tasks.map(({ dueSeconds }) => dueSeconds));
  const newcomers = [probeTask(source, 1), ...tasks].map(({ dueSeconds }) => dueSeconds);
  assert.ok(last <= 4 * DAY + Math.min(...newcomers, -LINE_LAG_SECONDS));
});

test('long sound is made in chunks: the first one at once, each other one a chunk before the picture gets there', () => {
  const sound: AudioTrackFacts = {
    streamIndex: 1,
    codec: 'aac',
    channels: 2,
    sampleRateHz: 48_000,
    startSeconds: '0',
    durationSeconds: 7200,
    steady: { packetSamples: 1, startSeconds: '0' },
  };
  const tasks = tasksOf(planJob({ ...factsOf(7200), audio: [sound] }), source, 1);
  const sounds = tasks.flatMap(({ spec, dueSeconds }) =>
    spec.kind === 'audio' ? [{ ...spec.chunk, dueSeconds }] : [],
  );
  assert.deepEqual(sounds, [
    { firstSegment: 0, segments: 450, dueSeconds: dueOfLowRung(0) },
    { firstSegment: 450, segments: 450, dueSeconds: dueOfLowRung(8) },
    { firstSegment: 900, segments: 450, dueSeconds: dueOfLowRung(1800) },
    { firstSegment: 1350, segments: 450, dueSeconds: dueOfLowRung(3600) },
  ]);
});

type Waiting = { readonly video: number; readonly due: number; readonly mediaSeconds: number };

/** One worker that makes a second of media in a second, and never keeps up: what the line decides is all that counts. */
class Line {
  readonly ended = new Map<number, number>();
  #waiting: Waiting[] = [];
  nowSeconds = 0;

  plan(video: number, seconds: number): void {
    const heads = this.#waiting.map(({ due }) => due).filter((due) => due >= this.nowSeconds - LINE_LAG_SECONDS);
    const head = Math.min(this.nowSeconds, ...heads);
    const plan = planJob(factsOf(seconds));
    for (const { spec, dueSeconds } of tasksOf(plan, source, 1)) {
      if (spec.kind !== 'encode') continue;
      const due = dueSeconds < 0 ? this.nowSeconds + dueSeconds : head + dueSeconds;
      this.#waiting.push({ video, due, mediaSeconds: spec.chunk.frames / 25 });
    }
    this.#waiting.sort((a, b) => a.due - b.due);
  }

  workUntil(seconds: number): void {
    while (this.nowSeconds < seconds && this.#waiting.length > 0) {
      const { video, mediaSeconds } = this.#waiting.shift()!;
      this.nowSeconds += mediaSeconds;
      this.ended.set(video, this.nowSeconds);
    }
    this.nowSeconds = Math.max(this.nowSeconds, this.#waiting.length > 0 ? 0 : seconds);
  }
}

test('a short video that comes while ten hours are being made is done in a time of its own length', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 0, max: 60_000 }), (seconds, atSeconds) => {
      const line = new Line();
      line.plan(0, 36_000);
      line.workUntil(atSeconds);
      const cameAt = line.nowSeconds;
      line.plan(1, seconds);
      line.workUntil(Number.POSITIVE_INFINITY);
      // Twice its own work, of two encodes each, beside as much of the other's; and the task that was under way.
      assert.ok(line.ended.get(1)! - cameAt <= 4 * seconds + 3 * 16, `${line.ended.get(1)! - cameAt} s`);
    }),
    { numRuns: 20 },
  );
});

test('a video ends within days although as much again as can be made keeps coming for weeks', () => {
  const line = new Line();
  line.plan(0, 3_600);
  for (let video = 1; line.nowSeconds < 6 * 86_400; video++) {
    const cameAt = line.nowSeconds;
    line.plan(video, 1_200);
    line.workUntil(cameAt + 1_200);
  }
  assert.ok(line.ended.get(0)! < 3 * 86_400, `${line.ended.get(0)} s`);
});

test('what an encode needs grows with the pictures, and fits a small machine at 1080p', () => {
  const [hd, tiny] = [planJob(factsOf(10)), { widthPx: 320, heightPx: 240 }];
  assert.ok(encodeMib(hd.facts.video!, hd.rungs) < 1_024);
  assert.ok(encodeMib(tiny, []) < encodeMib(hd.facts.video!, []));
});

test('a worker is lent exactly those tasks whose memory it has, however much it is rounded', () => {
  fc.assert(
    fc.property(fc.integer({ min: 144, max: 4_320 }), fc.integer({ min: 1, max: 8_192 }), (heightPx, workerMib) => {
      const facts = factsOf(10);
      const plan = planJob({ ...facts, video: { ...facts.video!, widthPx: heightPx + 100, heightPx } });
      for (const { needs } of tasksOf(plan, source, 1))
        assert.equal(needs.memoryMib <= lendableMib(workerMib), needs.memoryMib <= workerMib, `${needs.memoryMib}`);
    }),
  );
});

test('the largest encode, with every rung that may be asked for, is lent to whoever has the most', () => {
  const facts = factsOf(10);
  const largest = { ...facts, video: { ...facts.video!, widthPx: 8_192, heightPx: 4_320 } };
  const plan = planJob(largest, [4_320, 4_318, 4_316, 4_314, 4_312]);
  for (const { needs } of tasksOf(plan, source, 1)) assert.ok(needs.memoryMib <= lendableMib(65_536));
});
