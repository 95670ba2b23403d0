import assert from 'node:assert/strict';
import { test } from 'node:test';
import { playbackObject } from '../domain/object-keys.ts';
import { toCached } from './object-head.ts';

const YEAR = 'public, max-age=31536000, immutable';
const GROWING = '#EXTM3U\n#EXTINF:4,\n000000.m4s\n';

const CASES: readonly [rest: string, text: string, type: string, cacheControl: string][] = [
  ['index.m3u8', '#EXTM3U', 'application/vnd.apple.mpegurl', 'public, max-age=4'],
  ['manifest.mpd', '<MPD type="static"/>', 'application/dash+xml', 'public, max-age=4'],
  ['manifest.mpd', '<MPD type="dynamic"/>', 'application/dash+xml', 'public, max-age=1'],
  ['g1/v360/index.m3u8', GROWING, 'application/vnd.apple.mpegurl', 'public, max-age=1'],
  ['g1/v360/index.m3u8', `${GROWING}#EXT-X-ENDLIST\n`, 'application/vnd.apple.mpegurl', 'public, max-age=4'],
  ['g1/v360/iframes.m3u8', `${GROWING}#EXT-X-ENDLIST\n`, 'application/vnd.apple.mpegurl', YEAR],
  ['g1/v360/init.mp4', 'x', 'video/mp4', YEAR],
  ['g1/v360/000000.m4s', 'x', 'video/iso.segment', YEAR],
  ['g1/a-en/init.mp4', 'x', 'audio/mp4', YEAR],
  ['g1/a-en/000007.m4s', 'x', 'audio/mp4', YEAR],
  ['g1/images/poster.jpg', 'x', 'image/jpeg', YEAR],
  ['g1/text/en.vtt', 'x', 'text/vtt', YEAR],
];

for (const [rest, text, type, cacheControl] of CASES) {
  test(`${rest} (${text.slice(-20).trim()}) is ${type} and ${cacheControl}`, () => {
    const object = playbackObject('0123456789abcdef', rest)!;
    const stored = { bytes: Buffer.from(text), sizeBytes: text.length, etag: 'e1', contentType: 'text/html' };
    const { head, etag } = toCached(object, stored, 0);
    const fields = Object.fromEntries(head.flatMap((name, i) => (i % 2 === 0 ? [[name, head[i + 1]]] : [])));
    assert.equal(fields['Content-Type'], type);
    assert.equal(fields['Cache-Control'], cacheControl);
    assert.equal(fields.ETag, '"e1"');
    assert.equal(etag, '"e1"');
  });
}

test('a media playlist is known by the last segment that it lists, and by whether it is finished', () => {
  const playlist = playbackObject('0123456789abcdef', 'g1/v360/index.m3u8')!;
  const listed = (text: string) =>
    toCached(playlist, { bytes: Buffer.from(text), sizeBytes: text.length, etag: 'e1', contentType: 'x' }, 0).listed;
  const finished = `${GROWING}#EXTINF:4,\n000041.m4s\n#EXT-X-ENDLIST\n`;
  assert.deepEqual(listed(finished), { lastSegment: 41, isFinished: true });
  assert.deepEqual(listed(GROWING), { lastSegment: 0, isFinished: false });
  assert.equal(listed('#EXTM3U\n'), undefined);
  assert.equal(listed('.m4s'), undefined);
});
