import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../../test/fakes/manual-clock.ts';
import { SECRET, sessionPath, VIDEO } from '../../test/fakes/playable-video.ts';
import type { VideoId } from '../domain/ids.ts';
import { createTextSigner } from '../lib/sign-text.ts';
import { createSessionCheck } from './check-session.ts';

function fixture() {
  const clock = new ManualClock();
  const signer = createTextSigner(SECRET);
  let verified = 0;
  const matches = (text: string, signature: string): boolean => {
    verified++;
    return signer.matches(text, signature);
  };
  const token = sessionPath(clock).split('/').at(-1)!;
  return { clock, token, ...createSessionCheck({ signer: { matches }, clock }), verified: () => verified };
}

test('the signature of a session is computed once', () => {
  const { token, check, verified } = fixture();
  assert.equal(check(token, VIDEO).sessionId, 'abcdefgh12345678');
  assert.equal(check(token, VIDEO).sessionId, 'abcdefgh12345678');
  assert.equal(verified(), 1);
});

test('a remembered session still expires', () => {
  const { clock, token, check } = fixture();
  check(token, VIDEO);
  clock.advance(60_000);
  assert.throws(() => check(token, VIDEO), { code: 'bad_session' });
});

test('a remembered session opens no other video', () => {
  const { token, check } = fixture();
  check(token, VIDEO);
  assert.throws(() => check(token, 'zzzzzzzzzzzzzzzz' as VideoId), { code: 'bad_session' });
});

test('a session counts as playing for as long as it keeps asking', () => {
  const { clock, token, check, countPlaying } = fixture();
  const other = sessionPath(clock, { sessionId: 'zzzzzzzzzzzzzzzz' }).split('/').at(-1)!;
  check(token, VIDEO);
  check(other, VIDEO);
  clock.advance(20_000);
  check(token, VIDEO);
  assert.equal(countPlaying(), 2);
  clock.advance(20_000);
  assert.equal(countPlaying(), 1);
});
