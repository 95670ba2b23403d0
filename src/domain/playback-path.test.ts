import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { playbackObject } from './object-keys.ts';
import { isScrubbing, parsePlaybackPath } from './playback-path.ts';

const VIDEO = '0123456789abcdef';
const TOKEN = 'abcdefgh12345678.t3vwxy.AAAAAAAAAAAAAAAAAAAAAA';
const BELOW = `/play/${VIDEO}/${TOKEN}/`;

test('the two public addresses of a video start a session, with or without a query', () => {
  for (const file of ['index.m3u8', 'manifest.mpd']) {
    const start = { asks: 'start', videoId: VIDEO, file, isStray: false };
    assert.deepEqual(parsePlaybackPath(`/play/${VIDEO}/${file}`), start);
    assert.deepEqual(parsePlaybackPath(`/play/${VIDEO}/${file}?CMCD=sid%3D%22a%22`), start);
  }
});

test('an object without a session starts one, so that players which forget where they were sent still play', () => {
  const stray = parsePlaybackPath(`/play/${VIDEO}/g1/v360/000000.m4s`);
  assert.deepEqual(stray, { asks: 'start', videoId: VIDEO, file: 'g1/v360/000000.m4s', isStray: true });
  assert.equal(parsePlaybackPath(`/play/${VIDEO}/g1/../source/000000`), undefined);
});

test('a path below a session names its video, its token and the rest', () => {
  const rest = 'g1/v360/000000.m4s';
  assert.deepEqual(parsePlaybackPath(`${BELOW}${rest}?x=/../`), { asks: 'object', videoId: VIDEO, token: TOKEN, rest });
});

test('a range from within is scrubbing; a beginning is not, nor the rest of what was begun', () => {
  for (const range of ['bytes=28-8129', 'bytes=-100']) {
    assert.equal(isScrubbing({ range }), true);
    assert.equal(isScrubbing({ range, 'if-range': '"e"' }), false);
  }
  assert.equal(isScrubbing({ range: 'bytes=0-' }), false);
  assert.equal(isScrubbing({}), false);
});

const HOSTILE = [
  '/play/',
  `/play/${VIDEO}`,
  `/play/${VIDEO}/`,
  `/play/${VIDEO.toUpperCase()}/index.m3u8`,
  `/play/${VIDEO}/index.m3u8/`,
  `/play/${VIDEO}//index.m3u8`,
  `/play/${VIDEO}/source/000000`,
  `//play/${VIDEO}/index.m3u8`,
  `http://elsewhere/play/${VIDEO}/index.m3u8`,
  `${BELOW}`,
  `${BELOW}source/000000`,
  `${BELOW}../index.m3u8`,
  `${BELOW}g1/../source/000000`,
  `${BELOW}g1/v360/../../source/000000`,
  `${BELOW}g1%2fv360%2f000000.m4s`,
  `${BELOW}g1/v360/%2e%2e/%2e%2e/source/000000`,
  `${BELOW}g1/v360/000000.m4s%00`,
  `${BELOW}g1/v360/000000.m4s\0`,
  `${BELOW}g1/v360/000000.m4s\n`,
  `${BELOW}g1\\v360\\000000.m4s`,
  `${BELOW}/etc/passwd`,
  `${BELOW}g1/v360/0000000.m4s`,
  `${BELOW}g1/images/..`,
  `${BELOW}g1/images/.hidden`,
  `${BELOW}g1/images/a/b.jpg`,
  `${BELOW}${'a/'.repeat(5000)}`,
  `/play/${VIDEO}/../../x/index.m3u8`,
  `/play/${VIDEO}/${TOKEN}/../${TOKEN}/index.m3u8`,
];

const keyOf = (target: string): string | undefined => {
  const path = parsePlaybackPath(target);
  return path?.asks === 'object' ? playbackObject(path.videoId, path.rest)?.key : undefined;
};

for (const target of HOSTILE) {
  const shown = target.length > 100 ? `${target.slice(0, 100)}…` : target;
  test(`${JSON.stringify(shown)} names nothing`, () => {
    assert.equal(keyOf(target), undefined);
    assert.notEqual(parsePlaybackPath(target)?.asks, 'start');
  });
}

test('no request target names a key outside the playable part of its video', () => {
  const ALLOWED = /^videos\/[0-9a-hjkmnp-tv-z]{16}\/(index\.m3u8|manifest\.mpd|g\d+\/[a-z0-9-]+\/[a-z0-9][a-z0-9.-]*)$/;
  const piece = fc.oneof(
    fc.constantFrom('..', '.', '', '%2e%2e', '%2f', 'source', '000000', 'g1', 'v360', 'images', 'index.m3u8', '\0'),
    fc.string({ unit: 'binary', maxLength: 8 }),
  );
  const target = fc.array(piece, { maxLength: 8 }).map((pieces) => BELOW + pieces.join('/'));
  let named = 0;
  fc.assert(
    fc.property(target, (text) => {
      const key = keyOf(text);
      if (key === undefined) return;
      named++;
      assert.match(key, ALLOWED);
      assert.ok(key.startsWith(`videos/${VIDEO}/`) && !key.includes('..'), key);
    }),
    { numRuns: 3000, examples: [[`${BELOW}g1/v360/000000.m4s`]] },
  );
  assert.ok(named > 0, 'the property never met a path that names something');
});
