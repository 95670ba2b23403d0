import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type FinishedJob, type FinishedJobOptions, finishedJob } from '../../test/fakes/finished-job.ts';
import { parseHls } from '../../test/support/manifest-parsers.ts';
import { growingOffer, growingRenditions } from './growing-offer.ts';
import { growingMediaPlaylist, mediaPlaylist, multivariantPlaylist } from './hls-playlist.ts';
import { type Offer, offerOf } from './offer.ts';
import { plannedTicks } from './segment-plan.ts';
import type { StoredRendition } from './tasks.ts';

type Done = { readonly rendition: string; readonly segment: number };

/** The job's renditions with those segments only, one entry for each. */
function stored({ results }: FinishedJob, done: readonly Done[]): StoredRendition[] {
  const names = [...new Set(results.map(({ rendition }) => rendition))];
  return names.map((rendition) => {
    const pieces = results.filter((one) => one.rendition === rendition);
    const has = (segment: number) => done.some((one) => one.rendition === rendition && one.segment === segment);
    return { ...pieces[0]!, segments: pieces.flatMap((one) => one.segments).filter(({ segment }) => has(segment)) };
  });
}

const first = (rendition: string, count: number): Done[] =>
  Array.from({ length: count }, (_, segment) => ({ rendition, segment }));
const grown = (job: FinishedJob, done: readonly Done[]) => growingOffer(1, job.plan, stored(job, done));
const counts = (offer: Offer | undefined) =>
  offer && [...offer.video, ...offer.audio].map(({ made }) => [made.rendition, made.segments.length]);

test('nothing is offered before the lowest rung and the sound have enough for a player to begin with', () => {
  const job = finishedJob();
  assert.equal(grown(job, []), undefined);
  assert.equal(grown(job, [...first('v240', 9), ...first('a-und', 1)]), undefined);
  assert.equal(grown(job, [...first('v240', 1), ...first('a-und', 9)]), undefined);
  assert.equal(grown(job, [...first('v720', 9), ...first('a-und', 9)]), undefined);
  const offer = grown(job, [...first('v240', 2), ...first('v720', 2), ...first('a-und', 2)]);
  assert.deepEqual(counts(offer), [
    ['v240', 2],
    ['a-und', 2],
  ]);
});

test('a video of one segment is offered when that is there', () => {
  const job = finishedJob({ frames: 30 });
  assert.deepEqual(counts(grown(job, [...first('v240', 1), ...first('a-und', 1)])), [
    ['v240', 1],
    ['a-und', 1],
  ]);
});

test('the picture is never ahead of the sound, and the sound may be ahead of the picture', () => {
  const job = finishedJob();
  const ahead = counts(grown(job, [...first('v240', 6), ...first('a-und', 4)]));
  assert.deepEqual(ahead, [
    ['v240', 4],
    ['a-und', 4],
  ]);
  const behind = counts(grown(job, [...first('v240', 2), ...first('a-und', 4)]));
  assert.deepEqual(behind, [
    ['v240', 2],
    ['a-und', 4],
  ]);
});

test('a segment that is missing, or not as long as planned, ends what is offered', () => {
  const job = finishedJob();
  const gap = [...first('v240', 6), ...first('a-und', 9)].filter(({ segment }) => segment !== 3);
  assert.deepEqual(counts(grown(job, gap)), [
    ['v240', 3],
    ['a-und', 3],
  ]);
  const all = stored(job, [...first('v240', 6), ...first('a-und', 9)]);
  const odd = all.map((one) => ({
    ...one,
    segments: one.segments.map((s) => (s.segment === 4 ? { ...s, durationTicks: s.durationTicks - 1 } : s)),
  }));
  assert.deepEqual(counts(growingOffer(1, job.plan, odd)), [
    ['v240', 4],
    ['a-und', 4],
  ]);
});

test('a sound without video, and a video without sound, grow alone', () => {
  const sound = finishedJob({ video: false });
  assert.deepEqual(growingRenditions(sound.plan), ['a-und']);
  assert.deepEqual(counts(grown(sound, first('a-und', 3))), [['a-und', 3]]);
  const silent = finishedJob({ audio: false });
  assert.deepEqual(growingRenditions(silent.plan), ['v240']);
  assert.deepEqual(counts(grown(silent, first('v240', 3))), [['v240', 3]]);
});

const anyJob: fc.Arbitrary<FinishedJobOptions> = fc.record({
  frames: fc.integer({ min: 1, max: 2_000 }),
  frameRate: fc.constantFrom(
    { numerator: 25, denominator: 1 },
    { numerator: 30_000, denominator: 1_001 },
    { numerator: 7, denominator: 2 },
  ),
  audio: fc.boolean(),
});

test('whatever the order in which segments come, playlists only gain lines, and the final ones have all of them', () => {
  fc.assert(
    fc.property(anyJob, fc.infiniteStream(fc.nat()), (options, chance) => {
      const job = finishedJob(options);
      const whole = offerOf(1, job.plan, job.results);
      const names = growingRenditions(job.plan);
      const finals = [...whole.video, ...whole.audio].filter(({ made }) => names.includes(made.rendition));
      const left = finals.flatMap(({ made }) => first(made.rendition, made.segments.length));
      const done: Done[] = [];
      const before = new Map<string, string>();
      while (left.length > 0) {
        done.push(...left.splice(chance.next().value % left.length, 1));
        const offer = grown(job, done);
        for (const { made } of [...(offer?.video ?? []), ...(offer?.audio ?? [])]) {
          const text = growingMediaPlaylist(made, plannedTicks(job.plan, made.rendition));
          assert.ok(text.startsWith(before.get(made.rendition) ?? ''), 'a playlist shrank');
          before.set(made.rendition, text);
        }
      }
      for (const { made } of finals) assertFinalHas(mediaPlaylist(made), before.get(made.rendition) ?? '');
    }),
    { numRuns: 25 },
  );
});

/** Everything but what says that it is unfinished stands in the final one, too, in the same order. */
function assertFinalHas(final: string, grown: string): void {
  const same = grown.replace('EVENT', 'VOD').replace('#EXT-X-START:TIME-OFFSET=0\n', '');
  assert.equal(final, `${same}#EXT-X-ENDLIST\n`);
}

test('a parser of another make reads a growing playlist as unfinished, from its start', () => {
  const job = finishedJob();
  const offer = grown(job, [...first('v240', 3), ...first('a-und', 5)])!;
  const { made } = offer.video[0]!;
  const parsed = parseHls(growingMediaPlaylist(made, plannedTicks(job.plan, 'v240')));
  assert.deepEqual([parsed.endList ?? false, parsed.playlistType, parsed.targetDuration], [false, 'EVENT', 4]);
  assert.deepEqual(
    parsed.segments.map(({ uri }) => uri),
    ['000000.m4s', '000001.m4s', '000002.m4s'],
  );
  assert.equal(parsed.start?.timeOffset, 0);
  const { playlists, mediaGroups } = parseHls(multivariantPlaylist(offer));
  assert.deepEqual(
    playlists?.map(({ uri }) => uri),
    ['g1/v240/index.m3u8'],
  );
  assert.equal(Object.values(mediaGroups?.AUDIO.audio ?? {})[0]?.uri, 'g1/a-und/index.m3u8');
});
