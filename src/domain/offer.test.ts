import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FinishedJob, finishedJob } from '../../test/fakes/finished-job.ts';
import { IncompleteError, offerOf } from './offer.ts';
import type { StoredRendition } from './tasks.ts';

const offer = ({ plan, results }: FinishedJob) => offerOf(1, plan, results);

test('the results of all chunks, in whatever order they came, become one offer, lowest rate first', () => {
  const { plan, results } = finishedJob();
  const { video, audio } = offer({ plan, results: results.toReversed() });
  assert.deepEqual(
    video.map(({ rung }) => rung.rendition),
    ['v240', 'v360', 'v480', 'v720'],
  );
  for (const { made } of [...video, ...audio])
    assert.deepEqual(
      made.segments.map(({ segment }) => segment),
      made.segments.map((_, i) => i),
    );
  assert.deepEqual(
    audio.map((one) => one.plan.rendition),
    ['a-und'],
  );
});

test('a video without sound and a sound without video are whole', () => {
  assert.equal(offer(finishedJob({ audio: false })).audio.length, 0);
  assert.equal(offer(finishedJob({ video: false })).video.length, 0);
});

test('a rendition that was never made is missed', () => {
  incomplete(({ rendition }) => rendition !== 'v480', /v480 has no segments/);
  incomplete(({ rendition }) => rendition !== 'a-und', /a-und has no segments/);
});

test('a missing segment is missed wherever it lies', () => {
  const { plan, results } = finishedJob();
  const last = offer({ plan, results }).video[0]!.made.segments.length - 1;
  for (const lost of [0, 1, last]) {
    const without = change(results, 'v360', (segments) => segments.filter(({ segment }) => segment !== lost));
    assert.throws(() => offer({ plan, results: without }), IncompleteError, String(lost));
  }
});

test('a segment that was reported twice is not taken for another', () => {
  const { plan, results } = finishedJob();
  const twice = [...results, results.find(({ rendition }) => rendition === 'v360')!];
  assert.throws(() => offer({ plan, results: twice }), /v360 lacks segment 1, or has it twice/);
});

test('segments that fit no common init are refused', () => {
  const { plan, results } = finishedJob();
  const index = results.findIndex(({ rendition }) => rendition === 'v360');
  const other = results.with(index, { ...results[index]!, initSha256: 'cd'.repeat(32) });
  assert.throws(() => offer({ plan, results: other }), /v360 was made with two different init segments/);
  const slower = results.with(index, { ...results[index]!, timescale: 1 });
  assert.throws(() => offer({ plan, results: slower }), /v360 was made with two different init segments/);
});

test('every segment must be as long as planned to the tick, also where the total is right', () => {
  const { plan, results } = finishedJob();
  const longer = (rendition: string, at: number, byTicks: number, from = results) =>
    change(from, rendition, (segments) =>
      segments.map((one) => (one.segment === at ? { ...one, durationTicks: one.durationTicks + byTicks } : one)),
    );
  for (const rendition of ['v360', 'a-und'])
    for (const byTicks of [1, -1]) {
      const wrong = longer(rendition, 0, byTicks);
      const message = new RegExp(`${rendition} segment 0 is \\d+ ticks long, planned were \\d+`);
      assert.throws(() => offer({ plan, results: wrong }), message);
      assert.throws(() => offer({ plan, results: longer(rendition, 1, -byTicks, wrong) }), message);
    }
  offer({ plan, results });
});

test('a rendition that ends too early, or goes on after its end, is refused', () => {
  const { plan, results } = finishedJob();
  const last = offer({ plan, results }).audio[0]!.made.segments.at(-1)!;
  const shorter = change(results, 'a-und', (segments) => segments.slice(0, -1));
  assert.throws(() => offer({ plan, results: shorter }), /a-und has \d+ segments, planned were \d+/);
  const longer = change(results, 'a-und', (segments) => [...segments, { ...last, segment: last.segment + 1 }]);
  assert.throws(() => offer({ plan, results: longer }), IncompleteError);
});

function incomplete(isKept: (result: StoredRendition) => boolean, message: RegExp): void {
  const { plan, results } = finishedJob();
  assert.throws(() => offer({ plan, results: results.filter(isKept) }), message);
}

const change = (
  results: readonly StoredRendition[],
  rendition: string,
  to: (segments: StoredRendition['segments']) => StoredRendition['segments'],
): StoredRendition[] =>
  results.map((result) => (result.rendition === rendition ? { ...result, segments: to(result.segments) } : result));
