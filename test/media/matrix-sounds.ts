import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beeps } from './marked-clip.ts';
import { AAC, MARKS_25, type MatrixRow, made, PICTURE, SOUND, usual, X264 } from './matrix-row.ts';
import type { MediaBench } from './media-bench.ts';

const soundAt = (options: Parameters<typeof beeps>[1]): string[] => beeps(MARKS_25, options);
const language = (track: number, tag: string): string[] => [`-metadata:s:a:${track}`, `language=${tag}`];
const TWO_BEEPS = [0.8, 4.6];
/** Sound alone. */
const alone = { audio: ['a-und'], audioSeconds: 5.2, beepsAt: TWO_BEEPS } as const;

const withSubtitles = (file: string, codec: string) => async (bench: MediaBench) => {
  const path = join(bench.folder, 'words.srt');
  await writeFile(path, '1\n00:00:01,000 --> 00:00:09,000\nHello.\n');
  return bench.make(file, [...PICTURE, ...SOUND, '-i', path, ...X264, ...AAC, '-c:s', codec]);
};

const withCover = (file: string, codec: readonly string[]) => async (bench: MediaBench) => {
  const cover = await bench.make('cover.jpg', ['-f', 'lavfi', '-i', 'color=red:s=200x200', '-frames:v', '1']);
  return bench.make(file, [
    ...SOUND,
    '-i',
    cover,
    '-map',
    '0:a',
    '-map',
    '1:v',
    ...codec,
    '-c:v',
    'copy',
    '-disposition:v',
    'attached_pic',
  ]);
};

/** Which sounds come with the picture, or without one. */
export const SOUNDS: readonly MatrixRow[] = [
  {
    name: 'several audio tracks with languages',
    decision: 'each becomes an audio rendition; the default track of the file is the default',
    make: made(
      'many.mkv',
      ...PICTURE,
      ...SOUND,
      ...SOUND,
      ...SOUND,
      '-map',
      '0',
      '-map',
      '1',
      '-map',
      '2',
      '-map',
      '3',
      ...X264,
      ...AAC,
      ...language(0, 'eng'),
      ...language(1, 'ger'),
      '-disposition:a:0',
      '0',
      '-disposition:a:1',
      'default',
    ),
    ...usual,
    audio: ['a-de', 'a-en', 'a-und'],
  },
  {
    name: 'two audio tracks of one language',
    decision: 'the second one is named with a number',
    make: made(
      'two.mp4',
      ...PICTURE,
      ...SOUND,
      ...SOUND,
      '-map',
      '0',
      '-map',
      '1',
      '-map',
      '2',
      ...X264,
      ...AAC,
      ...language(0, 'eng'),
      ...language(1, 'eng'),
    ),
    ...usual,
    audio: ['a-en', 'a-en-2'],
  },
  {
    name: '5.1 channels, AC-3',
    decision: 'mixed down to stereo',
    make: made('51.mkv', ...PICTURE, ...soundAt({ layout: '5.1' }), ...X264, '-c:a', 'ac3'),
    ...usual,
  },
  {
    name: '7.1 channels, PCM in MOV',
    decision: 'mixed down to stereo',
    make: made('71.mov', ...PICTURE, ...soundAt({ layout: '7.1' }), ...X264, '-c:a', 'pcm_s16le'),
    ...usual,
  },
  {
    name: 'mono at 44.1 kHz',
    decision: 'stereo at 48 kHz',
    make: made('mono.mp4', ...PICTURE, ...soundAt({ rateHz: 44_100, layout: 'mono' }), ...X264, ...AAC),
    ...usual,
  },
  {
    name: 'mono at 8 kHz, A-law in MOV',
    decision: 'stereo at 48 kHz',
    make: made('alaw.mov', ...PICTURE, ...soundAt({ rateHz: 8_000, layout: 'mono' }), ...X264, '-c:a', 'pcm_alaw'),
    ...usual,
  },
  {
    name: 'no audio',
    decision: 'a video without sound',
    make: made('silent.mp4', ...PICTURE, ...X264),
    ...usual,
    audio: [],
  },
  {
    name: 'audio longer than the picture',
    decision: 'the last picture is held until the sound ends',
    make: made('longer.mp4', ...PICTURE, ...soundAt({ seconds: 7 }), ...X264, '-bf', '2', ...AAC),
    ...usual,
    frames: 175,
    shows: (i) => Math.min(i, 129),
    beepsAt: TWO_BEEPS,
  },
  {
    name: 'audio shorter than the picture',
    decision: 'silence follows',
    make: made('shorter.mp4', ...PICTURE, ...soundAt({ seconds: 3 }), ...X264, ...AAC),
    ...usual,
    beepsAt: [0.8],
  },
  {
    name: 'audio that starts 1 s late and ends late',
    decision: 'silence before it, the last picture held after it',
    make: made('late.mp4', ...PICTURE, '-itsoffset', '1', ...SOUND, ...X264, '-bf', '2', ...AAC),
    ...usual,
    frames: 155,
    shows: (i) => Math.min(i, 129),
    beepsAt: [1.8, 5.6],
  },
  {
    name: 'a picture that starts 1 s late',
    decision: 'the first picture is shown until then',
    make: made('behind.mkv', '-itsoffset', '1', ...PICTURE, ...SOUND, ...X264, '-bf', '2', ...AAC),
    ...usual,
    frames: 155,
    shows: (i) => Math.max(0, i - 25),
    beepsAt: TWO_BEEPS,
  },
  {
    name: 'subtitles in MKV',
    decision: 'picture and sound are as without them',
    make: withSubtitles('words.mkv', 'srt'),
    ...usual,
  },
  {
    name: 'subtitles in MP4',
    decision: 'picture and sound are as without them',
    make: withSubtitles('words.mp4', 'mov_text'),
    ...usual,
  },
  {
    name: 'MP3 with cover art',
    decision: 'sound alone; a cover is no video',
    make: withCover('cover.mp3', ['-c:a', 'libmp3lame']),
    ...alone,
  },
  {
    name: 'M4A with cover art',
    decision: 'as above',
    make: withCover('cover.m4a', ['-c:a', 'aac']),
    ...alone,
  },
  { name: 'FLAC', decision: 'sound alone', make: made('a.flac', ...soundAt({ rateHz: 44_100 })), ...alone },
  { name: 'WAV', decision: 'sound alone', make: made('a.wav', ...SOUND), ...alone },
  {
    name: 'AAC without a container',
    decision: 'sound alone',
    make: made('a.aac', ...SOUND),
    ...alone,
    audioSeconds: 5.2267,
    beepsAt: [0.8, 4.6].map((at) => at + 1024 / 48_000),
  },
  { name: 'Ogg, Opus', decision: 'sound alone', make: made('a.ogg', ...SOUND, '-c:a', 'libopus'), ...alone },
];
