import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { cueTime, parseCaptions } from '../../src/domain/captions.ts';
import type { TextSpec } from '../../src/domain/tasks.ts';
import { extractText } from '../../src/transcode/extract-text.ts';
import { type MediaBench, mediaBench, probe, TEST_DEADLINE_MS } from './media-bench.ts';

const SUBRIP = '1\n00:00:01,000 --> 00:00:02,500\nHello, <i>world</i>\n\n2\n00:00:03,000 --> 00:00:04,000\nÄpfel\n';

async function specOf(bench: MediaBench, file: string, codec: string, offset = '0'): Promise<TextSpec> {
  const text = join(bench.folder, 'text.srt');
  await writeFile(text, SUBRIP);
  const inputs = ['-f', 'lavfi', '-i', 'testsrc2=s=160x90:r=25:d=6', '-i', text, '-i', text];
  const maps = ['-map', '0:v', '-map', '1:s', '-map', '2:s', '-metadata:s:s:0', 'language=eng'];
  const codecs = ['-metadata:s:s:1', 'language=ger', '-c:v', 'libx264', '-preset', 'ultrafast', '-c:s', codec];
  const source = await bench.keep(await bench.make(file, [...inputs, ...maps, ...codecs, '-output_ts_offset', offset]));
  const facts = await probe(source, bench);
  const { durationSeconds, text: tracks = [], video } = facts;
  return { kind: 'text', source, generation: 1, tracks, originSeconds: video!.startSeconds, durationSeconds };
}

for (const [file, codec, offset] of [
  ['film.mkv', 'subrip', '0'],
  ['film.mp4', 'mov_text', '0'],
  ['styled.mkv', 'ass', '0'],
  ['late.mkv', 'subrip', '7'],
] as const)
  test(`subtitles of ${file} (${codec}, first timestamp ${offset} s) are captions in step with the picture`, {
    timeout: TEST_DEADLINE_MS,
  }, async () => {
    await using bench = await mediaBench();
    const { tracks } = await extractText(await specOf(bench, file, codec, offset), bench.deps);
    assert.deepEqual(
      tracks.map(({ language, label, origin }) => [language, label, origin]),
      [
        ['en', 'English', 'embedded'],
        ['de', 'Deutsch', 'embedded'],
      ],
    );
    const cues = parseCaptions(tracks[0]!.webvtt);
    assert.deepEqual(
      cues.map(({ text }) => text),
      ['Hello, <i>world</i>', 'Äpfel'],
    );
    const starts = [1000, 3000];
    for (const [i, cue] of cues.entries()) assert.ok(Math.abs(cue.startMs - starts[i]!) <= 40, `${cue.startMs}`);
  });

/** A file that holds nothing but these subtitles, one track for each language. */
async function specOfTracks(bench: MediaBench, srt: string, languages: readonly string[]): Promise<TextSpec> {
  const text = join(bench.folder, 'text.srt');
  await writeFile(text, srt);
  const maps = languages.flatMap((language, i) => ['-map', '0:s', `-metadata:s:s:${i}`, `language=${language}`]);
  const source = await bench.keep(await bench.make('text.mkv', ['-i', text, ...maps, '-c:s', 'subrip']));
  const tracks = languages.map((language, streamIndex) => ({ streamIndex, codec: 'subrip', language }));
  return { kind: 'text', source, generation: 1, tracks, originSeconds: '0', durationSeconds: 4 };
}

const srtOf = (cues: number, text: string): string =>
  Array.from({ length: cues }, (_, i) => `${i + 1}\n${srtTime(i * 30)} --> ${srtTime(i * 30 + 20)}\n${text}\n`).join(
    '\n',
  );
const srtTime = (ms: number): string => cueTime(ms / 1000).replace('.', ',');

test('subtitles that fit as ffmpeg writes them, but not as they are sent, are left out', {
  timeout: TEST_DEADLINE_MS,
}, async () => {
  await using bench = await mediaBench();
  const { tracks } = await extractText(await specOfTracks(bench, srtOf(99_000, 'x'.repeat(20)), ['eng']), bench.deps);
  assert.equal(tracks.length, 0);
});

test('of more subtitles than one message holds, the first that fit are sent', {
  timeout: TEST_DEADLINE_MS,
}, async () => {
  await using bench = await mediaBench();
  const spec = await specOfTracks(bench, srtOf(3_500, 'x'.repeat(1_000)), ['eng', 'ger', 'fre', 'spa', 'ita']);
  const { tracks } = await extractText(spec, bench.deps);
  assert.deepEqual(
    tracks.map(({ language }) => language),
    ['en', 'de', 'fr'],
  );
});
