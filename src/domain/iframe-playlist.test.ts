import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type FinishedJobOptions, finishedJob } from '../../test/fakes/finished-job.ts';
import { parseHls } from '../../test/support/manifest-parsers.ts';
import { secondsOf } from './bandwidth.ts';
import { multivariantPlaylist } from './hls-playlist.ts';
import { iframePlaylist } from './iframe-playlist.ts';
import { type Offer, offerOf } from './offer.ts';

const offer = (options: FinishedJobOptions = {}): Offer => {
  const { plan, results } = finishedJob(options);
  return offerOf(3, plan, results);
};

const anyVideo = fc.record({
  frames: fc.integer({ min: 1, max: 3_000 }),
  frameRate: fc.constantFrom(
    { numerator: 25, denominator: 1 },
    { numerator: 30_000, denominator: 1_001 },
    { numerator: 60, denominator: 1 },
  ),
});

test('a playlist of keyframes names a range for each GOP, and their durations sum up to the rendition', () => {
  fc.assert(
    fc.property(anyVideo, (video) => {
      const one = offer(video).video[0]!;
      const parsed = parseHls(iframePlaylist(one)!);
      assert.equal(parsed.iFramesOnly, true);
      assert.equal(parsed.endList, true);
      assert.deepEqual(
        parsed.segments.map(({ uri, byterange, map }) => [uri, byterange?.offset, byterange?.length, map?.uri]),
        one.made.segments.flatMap(({ segment, keyframes = [] }) =>
          keyframes.map(([offset, length]) => [`${String(segment).padStart(6, '0')}.m4s`, offset, length, 'init.mp4']),
        ),
      );
      for (const { duration } of parsed.segments) {
        assert.ok(duration > 0 && Math.round(duration) <= parsed.targetDuration!, `${duration}`);
      }
      const seconds = parsed.segments.reduce((sum, { duration }) => sum + duration, 0);
      assert.ok(Math.abs(seconds - secondsOf(one.made)) < 1e-6 * parsed.segments.length);
    }),
    { numRuns: 60 },
  );
});

test('the multivariant playlist names the keyframes of each video rendition, with the rate of their own bytes', () => {
  const made = offer({ frameRate: { numerator: 25, denominator: 1 }, newerCodecs: ['hevc'] });
  const { iFramePlaylists = [] } = parseHls(multivariantPlaylist(made));
  assert.deepEqual(
    iFramePlaylists.map(({ uri, attributes }) => [uri, attributes.CODECS, attributes.RESOLUTION?.height]),
    made.video.map(({ rung, made: { codec } }) => [`g3/${rung.rendition}/iframes.m3u8`, codec, rung.heightPx]),
  );
  // 9001 bytes in two seconds.
  for (const { attributes } of iFramePlaylists) assert.equal(attributes.BANDWIDTH, 36_004);
});

test('where the place of one keyframe is not known, there are no keyframes to play', () => {
  const made = offer();
  const video = made.video.map((one) => {
    const segments = one.made.segments.map(({ keyframes, ...segment }) =>
      segment.segment === 3 || keyframes === undefined ? segment : { ...segment, keyframes },
    );
    return { ...one, made: { ...one.made, segments } };
  });
  assert.equal(iframePlaylist(video[0]!), undefined);
  assert.doesNotMatch(multivariantPlaylist({ ...made, video }), /I-FRAME/);
});
