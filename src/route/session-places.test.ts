import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../../test/fakes/manual-clock.ts';
import type { SessionId, VideoId } from '../domain/ids.ts';
import { createSessionPlaces } from './session-places.ts';

const [A, B, C] = ['a', 'b', 'c'] as SessionId[] as [SessionId, SessionId, SessionId];

test('a session is counted where it asked last, for as long as it keeps asking, and is found ever after', () => {
  const clock = new ManualClock();
  const places = createSessionPlaces(clock);
  for (const session of [A, B, C]) places.note(session, 'edge-1');
  clock.advance(20_000);
  places.note(A, 'edge-2');
  places.note(B, 'edge-1');
  assert.deepEqual(Object.fromEntries(places.countPlaying()), { 'edge-1': 2, 'edge-2': 1 });
  clock.advance(20_000);
  assert.deepEqual(Object.fromEntries(places.countPlaying()), { 'edge-1': 1, 'edge-2': 1 });
  assert.equal(places.edgeOf(C), 'edge-1');
});

test('the last segment of picture is known, wherever the session plays, and nothing of one that never played here', () => {
  const places = createSessionPlaces(new ManualClock());
  const playing = { sessionId: A, videoId: '0123456789abcdef' as VideoId, expiresAtMs: 1 };
  places.noteAsked(playing, 'g1/v360/000001.m4s');
  assert.equal(places.pictureOf(A), undefined);
  places.note(A, 'edge-1');
  for (const rest of ['g1/v720/000002.m4s', 'g1/a-en/000003.m4s', 'g1/v360/init.mp4', 'index.m3u8'])
    places.noteAsked(playing, rest);
  places.note(A, 'edge-2');
  assert.equal(places.pictureOf(A), 'g1/v720/000002.m4s');
});
