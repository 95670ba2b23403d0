import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createTextSigner } from '../lib/sign-text.ts';
import type { SessionId, VideoId } from './ids.ts';
import { playbackToken, readPlaybackToken } from './playback-token.ts';

const signer = createTextSigner('a secret');
const nowMs = Date.UTC(2026, 0, 1);
const session = {
  sessionId: 'abcdefgh12345678' as SessionId,
  videoId: '0123456789abcdef' as VideoId,
  expiresAtMs: nowMs + 60_000,
};
const token = playbackToken(session, signer.sign);
const check = { matches: signer.matches, nowMs };

test('a token gives back the session that it was made of', () => {
  assert.deepEqual(readPlaybackToken(token, session.videoId, check), session);
});

test('a token is one short path segment that shows the session id', () => {
  assert.match(token, /^abcdefgh12345678\.[0-9a-z]+\.[\w-]{22}$/);
  assert.ok(token.length <= 48, `${token.length} characters`);
});

test('a token says at which edge its session began, and nobody can change that', () => {
  const begun = { ...session, home: 'a1b2' };
  const text = playbackToken(begun, signer.sign);
  assert.ok(text.length <= 53, `${text.length} characters`);
  assert.deepEqual(readPlaybackToken(text, session.videoId, check), begun);
  for (const other of [text.replace('.a1b2.', '.a1b3.'), text.replace('.a1b2.', '.'), text.replace('.a1b2.', '..')])
    assert.throws(() => readPlaybackToken(other, session.videoId, check), { code: 'bad_session' });
});

test('a token for one video is refused for another', () => {
  const other = 'zzzzzzzzzzzzzzzz' as VideoId;
  assert.throws(() => readPlaybackToken(token, other, check), { code: 'bad_session' });
});

test('a token is refused from its expiry on', () => {
  const at = (ms: number) => readPlaybackToken(token, session.videoId, { ...check, nowMs: nowMs + ms });
  assert.equal(at(59_999).sessionId, session.sessionId);
  assert.throws(() => at(60_000), { code: 'bad_session' });
});

test('a token signed with another secret is refused', () => {
  const forged = playbackToken(session, createTextSigner('another secret').sign);
  assert.throws(() => readPlaybackToken(forged, session.videoId, check), { code: 'bad_session' });
});

test('a token with any one character changed is refused', () => {
  const change = fc.tuple(fc.nat(token.length - 1), fc.constantFrom(...'09azAZ_-.%/'));
  fc.assert(
    fc.property(change, ([at, char]) => {
      fc.pre(token[at] !== char);
      const changed = token.slice(0, at) + char + token.slice(at + 1);
      assert.throws(() => readPlaybackToken(changed, session.videoId, check), { code: 'bad_session' });
    }),
  );
});

test('no text that we did not sign is a token', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.throws(() => readPlaybackToken(text, session.videoId, check), { code: 'bad_session' });
    }),
  );
});
