import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type FinishedJobOptions, finishedJob } from '../../test/fakes/finished-job.ts';
import { parseDash } from '../../test/support/manifest-parsers.ts';
import { dashManifest } from './dash-manifest.ts';
import { durationSeconds } from './hls-playlist.ts';
import { type Offer, offerOf } from './offer.ts';

const BASE = 'http://edge/play/0123456789abcdef/session/';
const offer = (options: FinishedJobOptions = {}): Offer => {
  const { plan, results } = finishedJob(options);
  return offerOf(3, plan, results);
};
const parsed = (made: Offer) => parseDash(dashManifest(made), `${BASE}manifest.mpd`);

const anyVideo = fc.record({
  frames: fc.integer({ min: 1, max: 3_000 }),
  frameRate: fc.constantFrom({ numerator: 25, denominator: 1 }, { numerator: 30_000, denominator: 1_001 }),
});

test('every rendition is there, with the segments and durations of its HLS playlist', () => {
  fc.assert(
    fc.property(anyVideo, (video) => {
      const made = offer(video);
      const manifest = parsed(made);
      assert.deepEqual(
        manifest.playlists.map(({ attributes }) => [attributes.NAME, attributes.BANDWIDTH]).toSorted(),
        made.video.map(({ rung, bandwidth }) => [rung.rendition, bandwidth.peakBps]).toSorted(),
      );
      for (const { attributes, segments } of manifest.playlists) {
        const { segments: stored, timescale } = made.video.find(({ rung }) => rung.rendition === attributes.NAME)!.made;
        assert.deepEqual(
          segments.map(({ resolvedUri }) => resolvedUri),
          stored.map(({ segment }) => `${BASE}g3/${attributes.NAME}/${String(segment).padStart(6, '0')}.m4s`),
        );
        segments.forEach(({ duration }, i) => {
          assert.ok(Math.abs(duration - stored[i]!.durationTicks / timescale) < 1e-6);
        });
        assert.equal(segments[0]!.map.resolvedUri, `${BASE}g3/${attributes.NAME}/init.mp4`);
      }
    }),
    { numRuns: 40 },
  );
});

test('durations sum up to what the manifest says the presentation lasts', () => {
  fc.assert(
    fc.property(anyVideo, (video) => {
      const made = offer(video);
      const manifest = parsed(made);
      assert.ok(Math.abs(manifest.duration - durationSeconds(made)) < 1e-5);
      const sound = Object.values(manifest.mediaGroups.AUDIO.audio ?? {}).flatMap(({ playlists }) => playlists);
      const lengths = [...manifest.playlists, ...sound].map(({ segments }) =>
        segments.reduce((sum, segment) => sum + segment.duration, 0),
      );
      assert.equal(lengths.length, made.video.length + made.audio.length);
      assert.ok(Math.abs(Math.max(...lengths) - manifest.duration) < 1e-5);
    }),
    { numRuns: 40 },
  );
});

test('a sound without video and a video without sound have a manifest too', () => {
  const sound = parsed(offer({ video: false }));
  assert.equal(sound.playlists.length, 0);
  assert.equal(Object.keys(sound.mediaGroups.AUDIO.audio ?? {}).length, 1);
  const silent = parsed(offer({ audio: false }));
  assert.equal(silent.playlists.length, 4);
  assert.deepEqual(silent.mediaGroups.AUDIO, {});
});

test('whatever language tag a file holds, the manifest stays well-formed', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('en', '"/>', '&amp;', ']]>')), (language) => {
      const xml = dashManifest(offer({ language }));
      assert.equal(xml.match(/<AdaptationSet/g)?.length, 2);
      assert.equal(xml.match(/<\/AdaptationSet>/g)?.length, 2);
      assert.match(xml.match(/ lang="([^"]*)"/)?.[1] ?? 'none', /^[a-z]{2,4}$/);
      parsed(offer({ language }));
    }),
  );
});

test('each codec is a set of its own, since players switch within one only', () => {
  const mpd = dashManifest(offer({ newerCodecs: ['hevc', 'av1'] }));
  const sets = mpd
    .split('<AdaptationSet')
    .slice(1)
    .filter((set) => set.includes('contentType="video"'));
  const codecs = sets.map((set) => [...new Set([...set.matchAll(/codecs="(....)/g)].map((found) => found[1]))]);
  assert.deepEqual(codecs, [['avc1'], ['hvc1'], ['av01']]);
});
