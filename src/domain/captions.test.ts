import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Cue, parseCaptions, parseLanguage, shifted, webVtt } from './captions.ts';

const SUBRIP = `1\r
00:00:01,000 --> 00:00:02,500\r
First line\r
second line\r
\r
2\r
00:01:00,040 --> 01:00:00,000  X1:40 X2:600 Y1:20 Y2:50\r
<i>Later</i>\r
`;

test('SubRip is read as it is found in the wild', () => {
  assert.deepEqual(parseCaptions(SUBRIP), [
    { startMs: 1000, endMs: 2500, settings: '', text: 'First line\nsecond line' },
    { startMs: 60_040, endMs: 3_600_000, settings: '', text: '<i>Later</i>' },
  ]);
});

test('WebVTT keeps its settings, and loses notes, styles and regions', () => {
  const text = `\uFEFFWEBVTT - a title

NOTE 1 --> 2 is no time here

STYLE
::cue { color: red }

intro
01.500 --> 00:03.000
`;
  assert.throws(() => parseCaptions(text), { code: 'bad_captions' });
  const good =
    'WEBVTT\n\nNOTE nothing\n\nSTYLE\n::cue { color: red }\n\nintro\n00:01.500 --> 00:03.000 line:10% align:start\nHello\n';
  assert.deepEqual(parseCaptions(good), [
    { startMs: 1500, endMs: 3000, settings: 'line:10% align:start', text: 'Hello' },
  ]);
});

test('what holds no cue is refused in words', () => {
  for (const text of ['', 'WEBVTT', '<html></html>', '\u0000\u0001', 'WEBVTT\n\n5 --> 6\nx'])
    assert.throws(() => parseCaptions(text), { code: 'bad_captions' }, JSON.stringify(text));
});

const line = fc
  .stringMatching(/^[a-zA-Zäö<>/&;.!? ]{1,30}$/)
  .filter((text) => !text.includes('-->') && text.trim() !== '');
const cue = fc
  .record({
    startMs: fc.integer({ min: 0, max: 400_000_000 }),
    lengthMs: fc.integer({ min: 1, max: 10_000 }),
    settings: fc.constantFrom('', 'line:0', 'position:10% align:start'),
    lines: fc.array(line, { minLength: 1, maxLength: 3 }),
  })
  .map(
    ({ startMs, lengthMs, settings, lines }): Cue => ({
      startMs,
      endMs: startMs + lengthMs,
      settings,
      text: lines.join('\n'),
    }),
  );
const inOrder = (cues: Cue[]): Cue[] => cues.toSorted((a, b) => a.startMs - b.startMs || a.endMs - b.endMs);

test('what was written is read back as it was', () => {
  fc.assert(
    fc.property(fc.array(cue, { minLength: 1, maxLength: 20 }), (cues) => {
      assert.deepEqual(parseCaptions(webVtt(inOrder(cues), 6000)), inOrder(cues));
    }),
  );
});

test('any text is either read or refused, and nothing else happens', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), (text) => {
      try {
        assert.ok(parseCaptions(text).length > 0);
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'bad_captions');
      }
    }),
  );
});

test('cues are moved to the start of the video; what was over before is left out', () => {
  const cues = parseCaptions(SUBRIP);
  assert.deepEqual(
    shifted(cues, 2000).map(({ startMs, endMs }) => [startMs, endMs]),
    [
      [0, 500],
      [58_040, 3_598_000],
    ],
  );
  assert.equal(shifted(cues, 2500).length, 1);
});

test('languages are told apart from anything else', () => {
  assert.equal(parseLanguage('EN-us'), 'en-US');
  assert.equal(parseLanguage('sr-latn'), 'sr-Latn');
  for (const text of ['', '..', 'english language', 'x'.repeat(50), 'en/../a'])
    assert.throws(() => parseLanguage(text), { code: 'bad_language' }, text);
});
