import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkPresentation } from '../../src/main/verify/check-presentation.ts';
import { type Presentation, type Read, readPresentation } from '../../src/main/verify/read-presentation.ts';
import { encodeFile, mediaBench, presentationOf, TEST_DEADLINE_MS } from './media-bench.ts';

const CLIP = [
  ...['-f', 'lavfi', '-i', 'testsrc2=s=480x270:r=25', '-f', 'lavfi', '-i', 'sine', '-t', '9'],
  ...['-c:v', 'libx264', '-preset', 'ultrafast', '-c:a', 'aac'],
];
const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Changes one file on its way. */
const tampered =
  (read: Read, file: string, change: (bytes: Buffer) => Uint8Array): Read =>
  async (path) =>
    path === file ? change(Buffer.from(await read(path))) : read(path);
const rewritten = (read: Read, file: string, from: RegExp, to: string): Read =>
  tampered(read, file, (bytes) => {
    assert.match(textOf(bytes), from, `${file} is not as expected`);
    return bytesOf(textOf(bytes).replace(from, to));
  });

type Damage = readonly [what: string, damage: (read: Read) => Read, finding: RegExp];
const V270 = 'g1/v270/index.m3u8';
const DAMAGES: readonly Damage[] = [
  [
    'a range that is no keyframe',
    (read) => rewritten(read, 'g1/v270/iframes.m3u8', /BYTERANGE:(\d)/, 'BYTERANGE:9$1'),
    /v270.*range 0 is/,
  ],
  ['an old version', (read) => rewritten(read, V270, /VERSION:7/, 'VERSION:3'), /EXT-X-VERSION is 3/],
  ['a playlist without an end', (read) => rewritten(read, V270, /#EXT-X-ENDLIST\n/, ''), /ENDLIST is missing/],
  [
    'a small target duration',
    (read) => rewritten(read, V270, /DURATION:4/, 'DURATION:3'),
    /above the target duration of 3/,
  ],
  [
    'a wrong EXTINF',
    (read) => rewritten(read, V270, /EXTINF:4.000000/, 'EXTINF:3.900000'),
    /EXTINF says 3.9 s, it lasts 4 s/,
  ],
  [
    'a missing segment',
    (read) => rewritten(read, V270, /#EXTINF:4.000000,\n000001.m4s\n/, ''),
    /does not begin where the last one ended: \d+ ticks|not aligned/,
  ],
  [
    'a bandwidth too low',
    (read) => rewritten(read, 'index.m3u8', /BANDWIDTH=\d+/, 'BANDWIDTH=1000'),
    /BANDWIDTH is 1000, the peak is/,
  ],
  ['other codecs', (read) => rewritten(read, 'index.m3u8', /avc1\.\w+/, 'avc1.42001e'), /CODECS are avc1.42001e/],
  ['no default', (read) => rewritten(read, 'index.m3u8', /DEFAULT=YES/, 'DEFAULT=NO'), /not exactly one default/],
  ['a longer manifest', (read) => rewritten(read, 'manifest.mpd', /PT9.000000S/, 'PT19S'), /it lasts 19 s/],
  [
    'a segment in the place of another',
    (read) => (path) => read(path === 'g1/v240/000001.m4s' ? 'g1/v240/000000.m4s' : path),
    /v240.*segment 1: it does not begin where/,
  ],
  [
    'a picture that needs others at the start',
    (read) =>
      tampered(read, 'g1/v240/000001.m4s', (bytes) => {
        // The IDR picture (NAL unit type 5) becomes another one (type 1). Each unit stands behind its length.
        let at = bytes.indexOf('mdat') + 4;
        while ((bytes.readUInt8(at + 4) & 0x1f) !== 5) at += 4 + bytes.readUInt32BE(at);
        bytes.writeUInt8(0x61, at + 4);
        return bytes;
      }),
    /v240.*segment 1: it does not begin with a picture/,
  ],
  [
    'a file of captions that holds something else',
    (read) => (path) => read(path.endsWith('.vtt') ? 'index.m3u8' : path),
    /text\/.*\.vtt: it is no WebVTT/,
  ],
  [
    'an edit list',
    (read) =>
      tampered(read, 'g1/v240/init.mp4', (bytes) => {
        // Any box of the track may stand for one here: only its name is looked at.
        bytes.write('edts', bytes.indexOf('tkhd'), 'latin1');
        return bytes;
      }),
    /has an edit list/,
  ],
];

test('a presentation as it is made has no faults, and each kind of damage is found', {
  timeout: TEST_DEADLINE_MS,
}, async (t) => {
  await using bench = await mediaBench();
  const encoded = await encodeFile(await bench.make('clip.mp4', CLIP), bench);
  const webvtt = 'WEBVTT\n\n00:01.000 --> 00:02.000\nHello.\n';
  const captions = [{ language: 'en', label: 'English', origin: 'uploaded', webvtt } as const];
  const read = presentationOf(encoded, bench, captions);
  const faultsOf = (presentation: Presentation) =>
    checkPresentation(presentation).filter(({ level }) => level === 'must');
  assert.deepEqual(faultsOf(await readPresentation(read)), []);
  for (const [what, damage, finding] of DAMAGES)
    await t.test(`${what} is found`, async () => {
      const lines = faultsOf(await readPresentation(damage(read))).map(({ where, what: said }) => `${where}: ${said}`);
      assert.match(lines.join('\n'), finding);
    });
  const gone = (path: string): Promise<Uint8Array> =>
    path.endsWith('.vtt') ? Promise.reject(new Error(`${path} is gone`)) : read(path);
  await assert.rejects(readPresentation(gone), /\.vtt is gone/);
});
