import assert from 'node:assert/strict';
import { test } from 'node:test';
import { playbackObject } from '../domain/object-keys.ts';
import { followSession, type Places, switchBetween } from './follow-session.ts';

const object = (rest: string) => playbackObject('0123456789abcdef', rest)!;

/** Follows requests, one each 500 ms. */
const follow = (...rests: string[]): Places =>
  rests.reduce<Places>((places, rest, i) => followSession(places, object(rest), i * 500), {});

test('video and audio are followed apart, by their segments only', () => {
  const places = follow(
    'index.m3u8',
    'g1/v360/init.mp4',
    'g1/v360/000007.m4s',
    'g1/a-en/000006.m4s',
    'g1/images/p.jpg',
  );
  assert.deepEqual(places, {
    video: { rendition: 'v360', segment: 7, atMs: 1000, gapMs: Infinity },
    audio: { rendition: 'a-en', segment: 6, atMs: 1500, gapMs: Infinity },
  });
});

test('the gap is the time between one segment and the next one, and unknown after a jump', () => {
  assert.equal(follow('g1/v360/000001.m4s', 'g1/v360/000002.m4s').video?.gapMs, 500);
  assert.equal(follow('g1/v360/000001.m4s', 'g1/a/000001.m4s', 'g1/v720/000002.m4s').video?.gapMs, 1000);
  assert.equal(follow('g1/v360/000001.m4s', 'g1/v360/000009.m4s').video?.gapMs, Infinity);
});

test('the same segment again, as with ranges, is no progress', () => {
  const places = follow('g1/v360/000001.m4s', 'g1/v360/000002.m4s', 'g1/v360/000002.m4s');
  assert.equal(places.video?.atMs, 500);
});

test('another video rendition is a switch, another audio rendition is not', () => {
  const before = follow('g1/v360/000001.m4s', 'g1/a-en/000001.m4s');
  const after = (rest: string) => switchBetween(before, followSession(before, object(rest), 9000));
  assert.deepEqual(after('g1/v720/000002.m4s'), { from: 'v360', to: 'v720', segment: 2 });
  assert.equal(after('g1/v360/000002.m4s'), undefined);
  assert.equal(after('g1/a-de/000002.m4s'), undefined);
  assert.equal(switchBetween({}, before), undefined);
});
