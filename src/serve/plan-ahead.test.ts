import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { playbackObject } from '../domain/object-keys.ts';
import type { Places } from './follow-session.ts';
import { planAhead } from './plan-ahead.ts';

const object = (rest: string) => playbackObject('0123456789abcdef', rest)!;
const at = (rendition: string, segment: number, gapMs = Infinity) => ({ rendition, segment, gapMs, atMs: 0 });

const plan = (rest: string, places: Places, named: string[] = []): string[] =>
  planAhead(object(rest), places, named.map(object)).map(
    ({ wanted, reason }) => `${reason} ${wanted.key.slice('videos/0123456789abcdef/'.length)}`,
  );

test('after a segment comes the next one of the same rendition', () => {
  assert.deepEqual(plan('g2/v360/000007.m4s', { video: at('v360', 7) }), ['next g2/v360/000008.m4s']);
  assert.deepEqual(plan('g2/a-en/000007.m4s', { video: at('v360', 9), audio: at('a-en', 7, 4000) }), [
    'next g2/a-en/000008.m4s',
  ]);
});

test('a session that reads fast gets as many as it reads in a second, four at most', () => {
  const depth = (gapMs: number) => plan('g1/v360/000007.m4s', { video: at('v360', 7, gapMs) }).length;
  assert.deepEqual([4000, 1000, 999, 400, 100, 0].map(depth), [1, 1, 2, 3, 4, 4]);
  assert.deepEqual(plan('g1/v360/000007.m4s', { video: at('v360', 7, 500) }), [
    'next g1/v360/000008.m4s',
    'fast g1/v360/000009.m4s',
  ]);
});

test('what the player names is fetched instead of what we would guess', () => {
  assert.deepEqual(plan('g1/v360/000007.m4s', { video: at('v360', 7, 100) }, ['g1/v720/000008.m4s']), [
    'named g1/v720/000008.m4s',
  ]);
});

test('a playlist or init of another rendition announces a switch to it', () => {
  const playing = { video: at('v360', 7), audio: at('a-en', 3) };
  assert.deepEqual(plan('g1/v720/index.m3u8', playing), ['switch g1/v720/init.mp4', 'switch g1/v720/000008.m4s']);
  assert.deepEqual(plan('g1/v720/init.mp4', playing), ['switch g1/v720/000008.m4s']);
  assert.deepEqual(plan('g1/a-de/init.mp4', playing), ['switch g1/a-de/000004.m4s']);
});

test('a playlist of keyframes announces nothing: whoever scrubs asks here and there', () => {
  assert.deepEqual(plan('g1/v720/iframes.m3u8', { video: at('v360', 7) }), []);
});

test('the first playlist of a track announces its start', () => {
  assert.deepEqual(plan('g1/v360/index.m3u8', {}), ['start g1/v360/init.mp4', 'start g1/v360/000000.m4s']);
  assert.deepEqual(plan('g1/a-en/init.mp4', { video: at('v360', 7) }), ['start g1/a-en/000000.m4s']);
});

test('the playlist of the rendition that plays, the published ones, images and text announce nothing', () => {
  for (const rest of ['g1/v360/index.m3u8', 'index.m3u8', 'manifest.mpd', 'g1/images/poster.jpg', 'g1/text/en.vtt'])
    assert.deepEqual(plan(rest, { video: at('v360', 7) }), [], rest);
});

test('nothing follows the last number that a segment can have', () => {
  assert.deepEqual(plan('g1/v360/999999.m4s', { video: at('v360', 999_999, 100) }), []);
});

test('whatever is asked for, what is planned is little, of the same video, and never what was asked for', () => {
  const rest = fc.constantFrom('g1/v360/000007.m4s', 'g1/a-en/init.mp4', 'g1/v720/index.m3u8', 'g3/v360/000000.m4s');
  const place = fc.record({
    rendition: fc.constantFrom('v360', 'v720', 'a-en'),
    segment: fc.nat(999_998),
    gapMs: fc.oneof(fc.nat(5000), fc.constant(Infinity)),
    atMs: fc.nat(),
  });
  const places = fc.record({ video: place, audio: place }, { requiredKeys: [] });
  fc.assert(
    fc.property(rest, places, (asked, held) => {
      const planned = planAhead(object(asked), held, []);
      assert.ok(planned.length <= 4);
      for (const { wanted } of planned) {
        assert.ok(wanted.key.startsWith(`videos/0123456789abcdef/${asked.split('/')[0]}/`));
        assert.notEqual(wanted.key, object(asked).key);
        assert.deepEqual(object(wanted.key.slice('videos/0123456789abcdef/'.length)), wanted);
      }
    }),
  );
});
