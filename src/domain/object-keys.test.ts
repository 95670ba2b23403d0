import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { VideoId } from './ids.ts';
import * as keys from './object-keys.ts';
import { playbackObject } from './object-keys.ts';

const videoId = '0123456789abcdef' as VideoId;
const of = { videoId, generation: 2, rendition: 'v1080' };

test('keys are the frozen names', () => {
  assert.equal(keys.sourcePartKey({ videoId, part: 7 }), 'videos/0123456789abcdef/source/000007');
  assert.equal(keys.initKey(of), 'videos/0123456789abcdef/g2/v1080/init.mp4');
  assert.equal(keys.segmentKey({ ...of, segment: 12 }), 'videos/0123456789abcdef/g2/v1080/000012.m4s');
  assert.equal(keys.mediaPlaylistKey(of), 'videos/0123456789abcdef/g2/v1080/index.m3u8');
  assert.equal(keys.iframePlaylistKey(of), 'videos/0123456789abcdef/g2/v1080/iframes.m3u8');
  assert.equal(keys.multivariantKey(of), 'videos/0123456789abcdef/index.m3u8');
  assert.equal(keys.manifestKey(of), 'videos/0123456789abcdef/manifest.mpd');
});

test('keys of numbered things sort as their numbers do', () => {
  fc.assert(
    fc.property(fc.nat({ max: 999_999 }), fc.nat({ max: 999_999 }), (a, b) => {
      const [first, second] = [a, b].map((part) => keys.sourcePartKey({ videoId, part }));
      assert.equal(Math.sign(a - b), Math.sign(Number(first! > second!) - Number(first! < second!)));
    }),
  );
});

test('what a playlist may name is found again below a session', () => {
  const segment = keys.segmentKey({ ...of, segment: 12 });
  const below = (key: string): string => key.slice(keys.videoPrefix(of).length);
  const found = { key: segment, rendition: 'v1080', kind: 'segment', segment: 12 };
  assert.deepEqual(playbackObject(videoId, below(segment)), found);
  assert.equal(playbackObject(videoId, below(keys.initKey(of)))?.kind, 'init');
  assert.equal(playbackObject(videoId, below(keys.mediaPlaylistKey(of)))?.kind, 'playlist');
  assert.equal(playbackObject(videoId, below(keys.iframePlaylistKey(of)))?.kind, 'iframes');
  assert.equal(playbackObject(videoId, 'index.m3u8')?.key, keys.multivariantKey(of));
  assert.equal(playbackObject(videoId, 'manifest.mpd')?.key, keys.manifestKey(of));
  assert.equal(playbackObject(videoId, 'g2/images/poster.jpg')?.kind, 'image');
  assert.equal(playbackObject(videoId, 'g2/text/en.vtt')?.kind, 'text');
});

/** Paths that are nearly right: real pieces, put together with what an attacker would put between them. */
const piece = fc.oneof(
  fc.constantFrom(
    'g1',
    'g2',
    'v1080',
    'init.mp4',
    'index.m3u8',
    'iframes.m3u8',
    '000001.m4s',
    'source',
    '000000',
    'images',
    'text',
  ),
  fc.constantFrom('..', '.', '', '%2e%2e', '%00', '\\', '~', 'poster.jpg', 'videos', videoId, 'g1\n', 'ｇ1'),
  fc.string({ maxLength: 8 }),
);
const path = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join('/'));
const PLAYABLE = /^videos\/0123456789abcdef\/(index\.m3u8|manifest\.mpd|g\d+\/[a-z0-9-]+\/[a-z0-9.-]+)$/;

test('no path names a source part, another video or anything outside', () => {
  fc.assert(
    fc.property(path, (rest) => {
      const object = playbackObject(videoId, rest);
      if (!object) return;
      assert.match(object.key, PLAYABLE);
      assert.equal(object.key.split('/').includes('..'), false);
      assert.equal(object.key.startsWith(keys.sourcePrefix({ videoId })), false);
    }),
    { numRuns: 2_000 },
  );
  for (const rest of [
    'source/000000',
    '../x/index.m3u8',
    'g1/../source/000000',
    'g1/images/..',
    'g1/source/index.m3u8x',
  ])
    assert.equal(playbackObject(videoId, rest), undefined, rest);
});

test('no video id but a real one names anything', () => {
  for (const id of [
    '',
    '..',
    'ABCDEFGHJKMNPQRS',
    '0123456789abcde',
    '0123456789abcdef0',
    '0123456789abcdei',
    '../videos/../0',
  ])
    assert.equal(playbackObject(id, 'index.m3u8'), undefined, id);
});
