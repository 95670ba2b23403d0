import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sessionIdOf, videoIdOf, withinSession } from './open-session.ts';

const URL = 'http://localhost:8080/play/0123456789abcdef/40frnw934kxvg6vw.thq5.ab12.sig_-1/index.m3u8';

test('the session and the video are read from the address that the router sent the player to', () => {
  assert.equal(sessionIdOf(URL), '40frnw934kxvg6vw');
  assert.equal(sessionIdOf('/play/0123456789abcdef/index.m3u8'), '');
  assert.equal(videoIdOf('/play/0123456789abcdef/index.m3u8?token=a.b'), '0123456789abcdef');
});

test('an image of the video is asked for inside the session, which needs no token any more', () => {
  assert.equal(
    withinSession('/play/0123456789abcdef/g1/images/storyboard.vtt?token=a.b', { id: '', url: `${URL}?token=a.b` }),
    'http://localhost:8080/play/0123456789abcdef/40frnw934kxvg6vw.thq5.ab12.sig_-1/g1/images/storyboard.vtt',
  );
});
