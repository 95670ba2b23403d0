import { readFile, writeFile } from 'node:fs/promises';
import { beeps, type Marks, rateOf, stripes } from './marked-clip.ts';
import { AAC, joined, MARKS_25, type MatrixRow, made, PICTURE, SOUND, usual, X264 } from './matrix-row.ts';
import type { MediaBench } from './media-bench.ts';

const LONGER: Marks = { rate: rateOf(25), frames: 180 };
const NTSC: Marks = { rate: rateOf(30_000, 1001), frames: 150 };
const FILM: Marks = { rate: rateOf(24_000, 1001), frames: 120 };
const SLOW: Marks = { rate: rateOf(2), frames: 12 };
const FAST: Marks = { rate: rateOf(120), frames: 560 };
const TS = [...PICTURE, ...SOUND, ...X264, '-bf', '2', '-g', '50', ...AAC];

const keptOf10 = (n: number): boolean => n % 10 < 3 || n % 10 > 5;
const INTERLACED = [
  ...[...SOUND, '-c:v', 'mpeg2video', '-flags', '+ilme+ildct', '-g', '12', '-b:v', '2M', '-c:a', 'mp2'],
];

/** A screen recording: nothing happens for long, then something moves; times are uneven by some milliseconds. */
const SCREEN: Marks = { rate: rateOf(30), frames: 156 };
const isRecorded = (n: number): boolean => n < 12 || n % 50 < 20 || n === 155;
const UNEVEN =
  "settb=1/1000,setpts='N*1000/30+mod(N*7,13)',select='lt(n,12)+lt(mod(n,50),20)+eq(n,155)',format=yuv420p";

const copied =
  (name: string, first: readonly string[], before: readonly string[], after: readonly string[] = []) =>
  async (bench: MediaBench) => {
    const path = await bench.make(`whole-${name}`, first);
    return bench.make(name, [...before, '-i', path, '-map', '0', '-c', 'copy', ...after]);
  };

/** The box that lists the keyframes becomes one to be skipped. */
async function withoutKeyframeFlags(bench: MediaBench): Promise<string> {
  const path = await bench.make('keys.mp4', [...PICTURE, ...SOUND, ...X264, '-g', '60', ...AAC]);
  const bytes = await readFile(path);
  bytes.write('skip', bytes.indexOf('stss'), 'latin1');
  await writeFile(path, bytes);
  return path;
}

/** How sources tell time, and how they get it wrong. */
export const TIMES: readonly MatrixRow[] = [
  {
    name: '29.97 frames per second',
    decision: 'the exact rate is kept',
    make: made('ntsc.mp4', ...stripes(NTSC), ...beeps(NTSC), ...X264, '-bf', '2', ...AAC),
    ...usual,
    frames: 150,
    rate: '30000/1001',
  },
  {
    name: '23.976 frames per second in MKV',
    decision: 'the exact rate is kept, though times are in whole milliseconds',
    make: made('film.mkv', ...stripes(FILM), ...beeps(FILM), ...X264, '-bf', '2', ...AAC),
    ...usual,
    frames: 120,
    rate: '24000/1001',
  },
  {
    name: '120 frames per second',
    decision: 'every second picture, at 60',
    make: made('120.mp4', ...stripes(FAST), ...beeps(FAST), ...X264, ...AAC),
    ...usual,
    frames: 280,
    rate: '60/1',
    shows: (i) => 2 * i,
  },
  {
    name: '2 frames per second',
    decision: 'pictures are repeated, at 10',
    make: made('slow.mp4', ...stripes(SLOW), ...beeps(SLOW), ...X264, ...AAC),
    ...usual,
    frames: 60,
    rate: '10/1',
    shows: (i) => Math.floor(i / 5),
    beepsAt: [1, 5.5],
  },
  {
    name: 'variable frame rate in MP4',
    decision: 'the finest regular rate on which all times lie, up to 60; pictures are held',
    make: made(
      'vfr.mp4',
      ...stripes(MARKS_25, '320x180', "select='not(between(mod(n,10),3,5))',format=yuv420p"),
      ...SOUND,
      '-fps_mode',
      'vfr',
      ...X264,
      '-bf',
      '2',
      '-g',
      '50',
      ...AAC,
    ),
    ...usual,
    shows: (i) => (keptOf10(i) ? i : i - (i % 10) + 2),
  },
  {
    name: 'screen recording with uneven times in WebM',
    decision: 'the standard rate that the busiest second needs, and 30 at least',
    make: made(
      'screen.webm',
      ...stripes(SCREEN, '320x180', UNEVEN),
      ...[...beeps(SCREEN), '-fps_mode', 'passthrough', '-enc_time_base:v', '1:1000'],
      ...['-c:v', 'libvpx', '-deadline', 'realtime', '-cpu-used', '8', '-c:a', 'libopus'],
    ),
    ...usual,
    rate: '30/1',
    frames: 156,
    shows: (i) => Array.from({ length: i + 1 }, (_, n) => n).findLast(isRecorded) ?? 0,
  },
  {
    name: 'open GOP in MPEG-TS',
    decision: 'a chunk begins to decode early enough that all it refers to is there',
    make: made(
      'open.ts',
      ...PICTURE,
      ...SOUND,
      ...X264,
      '-bf',
      '3',
      '-g',
      '30',
      '-flags',
      '-cgop',
      '-x264-params',
      'open-gop=1',
      ...AAC,
    ),
    ...usual,
  },
  {
    name: 'open GOP, HEVC in MP4',
    decision: 'as above',
    make: made(
      'cra.mp4',
      ...PICTURE,
      ...SOUND,
      '-c:v',
      'libx265',
      '-preset',
      'ultrafast',
      '-x265-params',
      'log-level=none:pools=1:open-gop=1:keyint=30:bframes=4',
      ...AAC,
    ),
    ...usual,
  },
  {
    name: 'edit list that begins within a GOP',
    decision: 'what the edit list hides is not shown',
    make: copied(
      'edit.mp4',
      [...stripes(LONGER), ...beeps(LONGER), ...X264, '-bf', '2', '-g', '50', ...AAC],
      ['-ss', '1.48'],
    ),
    ...usual,
    frames: 143,
    shows: (i) => i + 37,
    beepsAt: [5.12],
  },
  {
    name: 'reordered frames without an edit list',
    decision: 'nothing to decide',
    make: made(
      'cts.mp4',
      ...PICTURE,
      ...SOUND,
      ...X264,
      '-bf',
      '2',
      '-g',
      '50',
      ...AAC,
      '-movflags',
      'negative_cts_offsets',
      '-use_editlist',
      '0',
    ),
    ...usual,
    beepsAt: [0.8 + 1024 / 48_000, 4.6 + 1024 / 48_000],
  },
  {
    name: 'start at 1000 s in MPEG-TS',
    decision: 'time 0 is the first picture',
    make: made('late.ts', ...TS, '-output_ts_offset', '1000'),
    ...usual,
  },
  {
    name: 'start at 5 s in MKV',
    decision: 'as above',
    make: made('late.mkv', ...TS, '-output_ts_offset', '5'),
    ...usual,
  },
  {
    name: 'negative times in MP4',
    decision: 'what lies before time 0 is not shown, as the edit list of such a file says',
    make: made('negative.mp4', ...TS, '-output_ts_offset', '-0.7', '-avoid_negative_ts', 'disabled'),
    ...usual,
    frames: 112,
    shows: (i) => i + 18,
    beepsAt: [0.08, 3.88],
  },
  {
    name: 'no keyframe at the start',
    decision: 'the first picture that can be decoded stands in for those before it',
    make: copied(
      'cut.ts',
      [...PICTURE, ...SOUND, ...X264, '-g', '50', ...AAC],
      [],
      ['-bsf:v', "noise=drop='lt(n,10)'"],
    ),
    ...usual,
    shows: (i) => Math.max(50, i),
  },
  {
    name: 'no keyframe flags',
    decision: 'decoding starts earlier and earlier, in the end at the beginning',
    make: withoutKeyframeFlags,
    ...usual,
  },
  {
    name: 'times that start again in MPEG-TS',
    decision: 'the parts are put one after the other; one task encodes it all',
    make: joined('again.ts', TS, TS),
    ...usual,
    frames: 260,
    shows: (i) => i % 130,
    beepsAt: [0.8, 4.6, 6.0, 9.8],
  },
  {
    name: 'times that jump ahead by 1000 s in MPEG-TS',
    decision: 'as above',
    make: joined('ahead.ts', TS, [...TS, '-output_ts_offset', '1000']),
    ...usual,
    frames: 260,
    shows: (i) => i % 130,
    beepsAt: [0.8, 4.6, 6.0, 9.8],
  },
  {
    name: 'times that wrap at 26.5 h in MPEG-TS',
    decision: 'counted on',
    make: made('wrap.ts', ...TS, '-output_ts_offset', '95440'),
    ...usual,
  },
  {
    name: 'a gap of 3 s in MKV',
    decision: 'the picture is held, the sound is silent',
    make: made(
      'gap.mkv',
      ...stripes(MARKS_25, '320x180', "setpts='PTS+gte(N,65)*3/TB',format=yuv420p"),
      ...SOUND,
      '-fps_mode',
      'passthrough',
      '-af',
      "aselect='not(between(t,1,2.6))',asetpts='PTS+gte(T,2)*3/TB'",
      ...X264,
      '-g',
      '50',
      ...AAC,
    ),
    ...usual,
    frames: 205,
    shows: (i) => (i < 140 ? Math.min(i, 64) : i - 75),
    beepsAt: [0.8, 7.6],
  },
  {
    name: 'a size that changes on the way in MPEG-TS',
    decision: 'all of it is scaled to the size at the start',
    make: joined('size.ts', TS, [
      ...stripes(MARKS_25, '160x90'),
      ...TS.slice(PICTURE.length),
      '-output_ts_offset',
      '5.28',
    ]),
    ...usual,
    frames: 260,
    shows: (i) => i % 130,
    beepsAt: [0.8, 4.6, 6.0, 9.8],
  },
  {
    name: 'a size that changes on the way in interlaced MPEG-2',
    decision: 'as above',
    make: joined(
      'fields.ts',
      [...stripes(MARKS_25, '320x240', 'format=yuv420p,setfield=tff'), ...INTERLACED],
      [...stripes(MARKS_25, '160x240', 'format=yuv420p,setfield=tff'), ...INTERLACED, '-output_ts_offset', '5.24'],
    ),
    ...usual,
    frames: 260,
    sizes: ['320x240'],
    // The decoder forgets the picture that it holds back when the size changes.
    shows: (i) => (i === 129 ? 128 : i % 130),
    beepsAt: [0.8, 4.6, 6.0, 9.8],
  },
  {
    name: 'one single frame',
    decision: 'a video of one frame',
    make: made('one.mp4', ...stripes({ rate: rateOf(25), frames: 1 }), ...X264),
    ...usual,
    frames: 1,
    audio: [],
  },
];
