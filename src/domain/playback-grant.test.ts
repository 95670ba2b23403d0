import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTextSigner } from '../lib/sign-text.ts';
import type { SessionId, VideoId } from './ids.ts';
import { playbackGrant, readPlaybackGrant } from './playback-grant.ts';
import { playbackToken, readPlaybackToken } from './playback-token.ts';

const signer = createTextSigner('a secret');
const nowMs = Date.UTC(2026, 0, 1);
const VIDEO = '0123456789abcdef' as VideoId;
const OTHER = 'zzzzzzzzzzzzzzzz' as VideoId;
const check = { matches: signer.matches, nowMs };
const grant = playbackGrant(VIDEO, nowMs + 60_000, signer.sign);

test('a playback token says until when its video may be played, and is refused from then on', () => {
  assert.equal(readPlaybackGrant(grant, VIDEO, check), nowMs + 60_000);
  const late = { ...check, nowMs: nowMs + 60_000 };
  assert.throws(() => readPlaybackGrant(grant, VIDEO, late), { code: 'playback_denied' });
});

test('a playback token opens its own video only, and none that was altered or signed by others', () => {
  const forged = playbackGrant(VIDEO, nowMs + 60_000, createTextSigner('another secret').sign);
  const longer = `${(Number.parseInt(grant.split('.')[0]!, 36) + 1).toString(36)}.${grant.split('.')[1]}`;
  for (const token of [forged, longer, '', 'x', `${grant}x`, ` ${grant}`])
    assert.throws(() => readPlaybackGrant(token, VIDEO, check), { code: 'playback_denied' }, token);
  assert.throws(() => readPlaybackGrant(grant, OTHER, check), { code: 'playback_denied' });
});

test('a session is no playback token, and a playback token is no session', () => {
  const sessionId = 'abcdefgh12345678' as SessionId;
  const session = playbackToken({ sessionId, videoId: VIDEO, expiresAtMs: nowMs + 60_000 }, signer.sign);
  assert.throws(() => readPlaybackGrant(session.slice(17), VIDEO, check), { code: 'playback_denied' });
  assert.throws(() => readPlaybackToken(`${sessionId}.${grant}`, VIDEO, check), { code: 'bad_session' });
});

test('only a session that was begun with a playback token says so, and nobody can change that', () => {
  for (const home of [{}, { home: 'a1bp' }]) {
    const plain = { sessionId: 'abcdefgh12345678' as SessionId, videoId: VIDEO, expiresAtMs: nowMs + 60_000, ...home };
    const open = playbackToken(plain, signer.sign);
    const granted = playbackToken({ ...plain, isGranted: true }, signer.sign);
    assert.deepEqual(readPlaybackToken(open, VIDEO, check), plain);
    assert.deepEqual(readPlaybackToken(granted, VIDEO, check), { ...plain, isGranted: true });
    const signature = open.split('.').at(-1)!;
    const altered = `${granted.slice(0, granted.lastIndexOf('.'))}.${signature}`;
    assert.throws(() => readPlaybackToken(altered, VIDEO, check), { code: 'bad_session' });
  }
});
