import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type FinishedJobOptions, finishedJob } from '../../test/fakes/finished-job.ts';
import { parseHls } from '../../test/support/manifest-parsers.ts';
import { secondsOf } from './bandwidth.ts';
import { mediaPlaylist, multivariantPlaylist } from './hls-playlist.ts';
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
    { numerator: 24_000, denominator: 1_001 },
    { numerator: 60, denominator: 1 },
  ),
});

test('a media playlist is final, names every segment once, and its durations sum up to the rendition', () => {
  fc.assert(
    fc.property(anyVideo, (video) => {
      const { made } = offer(video).video[0]!;
      const parsed = parseHls(mediaPlaylist(made));
      assert.equal(parsed.endList, true);
      assert.equal(parsed.playlistType, 'VOD');
      const names = made.segments.map(({ segment }) => `${String(segment).padStart(6, '0')}.m4s`);
      assert.deepEqual(
        parsed.segments.map((segment) => segment.uri),
        names,
      );
      for (const { map } of parsed.segments) assert.equal(map?.uri, 'init.mp4');
      const seconds = parsed.segments.reduce((sum, segment) => sum + segment.duration, 0);
      assert.ok(Math.abs(seconds - secondsOf(made)) < 1e-6 * parsed.segments.length);
    }),
    { numRuns: 60 },
  );
});

test('no segment, rounded, lasts longer than the target duration (RFC 8216, 4.3.3.1)', () => {
  fc.assert(
    fc.property(anyVideo, (video) => {
      for (const { made } of offer(video).video) {
        const { segments, targetDuration } = parseHls(mediaPlaylist(made));
        for (const { duration } of segments) assert.ok(Math.round(duration) <= targetDuration!);
      }
    }),
    { numRuns: 60 },
  );
});

test('the multivariant playlist offers every rendition with what a player needs to choose', () => {
  const made = offer();
  const { playlists, mediaGroups } = parseHls(multivariantPlaylist(made));
  assert.deepEqual(
    playlists?.map(({ uri, attributes }) => [uri, attributes.RESOLUTION?.height, attributes.CODECS, attributes.AUDIO]),
    [240, 360, 480, 720].map((px) => [`g3/v${px}/index.m3u8`, px, 'avc1.64001f,mp4a.40.2', 'audio']),
  );
  assert.deepEqual(
    playlists?.map(({ attributes }) => attributes['FRAME-RATE']),
    [29.97, 29.97, 29.97, 29.97],
  );
  const sound = mediaGroups?.AUDIO.audio;
  assert.deepEqual(
    Object.values(sound ?? {}).map((one) => one.uri),
    ['g3/a-und/index.m3u8'],
  );
});

test('the declared bandwidth holds for picture and sound together', () => {
  const made = offer();
  const { playlists } = parseHls(multivariantPlaylist(made));
  const sound = made.audio[0]!.bandwidth;
  playlists?.forEach(({ attributes }, i) => {
    const { peakBps, averageBps } = made.video[i]!.bandwidth;
    assert.equal(attributes.BANDWIDTH, peakBps + sound.peakBps);
    assert.equal(Number(attributes['AVERAGE-BANDWIDTH']), averageBps + sound.averageBps);
  });
});

test('a sound without video is a variant of its own, and a silent video names no sound', () => {
  const sound = parseHls(multivariantPlaylist(offer({ video: false })));
  assert.deepEqual(
    sound.playlists?.map((one) => [one.uri, one.attributes.CODECS]),
    [['g3/a-und/index.m3u8', 'mp4a.40.2']],
  );
  const silent = parseHls(multivariantPlaylist(offer({ audio: false })));
  for (const { attributes } of silent.playlists ?? []) {
    assert.equal(attributes.AUDIO, undefined);
    assert.equal(attributes.CODECS, 'avc1.64001f');
  }
});

test('the language is the one of BCP 47, and unsaid where the file does not know', () => {
  const languageFor = (options: FinishedJobOptions): unknown[] =>
    Object.values(parseHls(multivariantPlaylist(offer(options))).mediaGroups?.AUDIO.audio ?? {}).map(
      (one) => one.language,
    );
  assert.deepEqual(languageFor({ language: 'ger' }), ['de']);
  assert.deepEqual(languageFor({ language: 'eng' }), ['en']);
  for (const unknown of [{}, { language: 'und' }, { language: 'x y' }])
    assert.deepEqual(languageFor(unknown), [undefined]);
});

test('whatever language tag a file holds, the playlist stays a playlist', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.constantFrom('eng', 'e"n', 'a\nb', '#EXT-X-ENDLIST')), (language) => {
      const lines = multivariantPlaylist(offer({ language })).split('\n');
      assert.equal(lines.filter((line) => line.startsWith('#EXT-X-MEDIA:')).length, 1);
      assert.equal(lines.length, 3 + 1 + 2 * 4 + 4 + 1);
      const media = lines.find((line) => line.startsWith('#EXT-X-MEDIA:'))!;
      assert.equal(media.split('"').length % 2, 1, media);
    }),
  );
});

test('variants in H.264 come before those in newer codecs, each codec lowest rate first', () => {
  const text = multivariantPlaylist(offer({ newerCodecs: ['hevc', 'av1'] }));
  const variants = [...text.matchAll(/^#EXT-X-STREAM-INF:BANDWIDTH=(\d+),.*CODECS="(....)/gm)].map(
    ([, rate, codec]) => ({ rate, codec }),
  );
  assert.deepEqual([...new Set(variants.map(({ codec }) => codec))], ['avc1', 'hvc1', 'av01']);
  for (const ofCodec of Map.groupBy(variants, ({ codec }) => codec).values()) {
    const rates = ofCodec.map(({ rate }) => Number(rate));
    assert.deepEqual(
      rates,
      rates.toSorted((a, b) => a - b),
    );
  }
});
