import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { framesOfSegment } from '../../src/domain/cut-plan.ts';
import type { JobPlan, VideoTrackFacts } from '../../src/domain/tasks.ts';
import {
  type Encoded,
  encodeFile,
  joinRendition,
  lossless,
  type MediaBench,
  mediaBench,
  packetTicks,
  picturesOf,
  presentationOf,
  renditionOf,
  TEST_DEADLINE_MS,
} from './media-bench.ts';

/** Two rungs (270 and 240), so that the second one is scaled from the first. */
const moving = (rate: string, frames: number, size = '480x270'): string[] => [
  '-f',
  'lavfi',
  '-i',
  `testsrc2=s=${size}:r=${rate},trim=end_frame=${frames}`,
];
const x264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-threads', '1'];

type Clip = {
  readonly what: string;
  readonly file: string;
  readonly args: readonly string[];
  readonly frames: number;
  readonly sizes: readonly string[];
};
const TWO_RUNGS = ['480x270', '426x240'];
const CLIPS: readonly Clip[] = [
  {
    what: '29.97 frames per second with B-frames',
    file: 'ntsc.mp4',
    args: [...moving('30000/1001', 510), ...x264, '-bf', '3', '-g', '90'],
    frames: 510,
    sizes: TWO_RUNGS,
  },
  {
    what: 'an MPEG transport stream, where a seek lands anywhere',
    file: 'stream.ts',
    args: [...moving('25', 325), ...x264, '-bf', '2', '-g', '60', '-flags', '-cgop', '-x264-params', 'open-gop=1'],
    frames: 325,
    sizes: TWO_RUNGS,
  },
  {
    what: 'an odd size',
    file: 'odd.mkv',
    args: [...moving('25', 225, '331x181'), '-pix_fmt', 'yuv444p', ...x264],
    frames: 225,
    sizes: ['330x180'],
  },
  {
    what: 'a varying frame rate',
    file: 'vfr.mp4',
    args: [...moving('60', 540), '-vf', "select='mod(n,3)*lt(mod(n,100),60)'", '-fps_mode', 'vfr', ...x264],
    frames: 0,
    sizes: TWO_RUNGS,
  },
  {
    what: 'interlaced pictures with wide pixels',
    file: 'interlaced.mkv',
    args: [
      ...moving('50', 450, '360x272'),
      '-vf',
      'tinterlace=interleave_top,setsar=4/3',
      '-flags',
      '+ilme+ildct',
      ...x264,
    ],
    frames: 225,
    sizes: ['480x272', '424x240'],
  },
  {
    what: 'a recording of a browser, without a length in its header',
    file: 'recording.webm',
    args: [...moving('30', 270, '320x240'), '-c:v', 'libvpx', '-deadline', 'realtime', '-cpu-used', '8', '-live', '1'],
    frames: 270,
    sizes: ['320x240'],
  },
];

for (const clip of CLIPS) {
  test(`chunks of ${clip.what} are picture by picture what one run gives`, { timeout: TEST_DEADLINE_MS }, async () => {
    await using bench = await mediaBench();
    const path = await bench.make(clip.file, clip.args);
    const encoded = await encodeFile(path, bench, lossless);
    const { plan } = encoded;
    assert.deepEqual(
      plan.rungs.map((rung) => `${rung.widthPx}x${rung.heightPx}`),
      clip.sizes,
    );
    assert.ok(plan.chunks.length > 1, 'one chunk proves nothing about seams');
    for (const [i, rung] of plan.rungs.entries()) {
      const joined = await joinRendition(encoded, rung.rendition, bench);
      const md5s = async (file: string, graph?: string) =>
        (await picturesOf(file, graph)).map((picture) => picture.md5);
      const expected = await md5s(path, singleRun(plan, i));
      assert.deepEqual(await md5s(joined), expected);
      assert.equal(expected.length, clip.frames || plan.grid?.frames);
      await assertRegular(joined, plan);
      assertComplete(encoded, rung.rendition);
    }
  });
}

/** The same filters in one go over the whole file, up to the rung with the given index. */
function singleRun({ facts, grid, rungs }: JobPlan, last: number): string {
  const track = facts.video as VideoTrackFacts;
  const { numerator, denominator } = track.frameRate;
  const filters = [
    ...(track.interlaced ? ['bwdif=mode=send_frame:deint=interlaced'] : []),
    `setpts=PTS-(${track.startSeconds})/TB`,
    `fps=${numerator}/${denominator}:round=near:eof_action=pass,trim=end_frame=${grid?.frames}`,
    ...rungs
      .slice(0, last + 1)
      .map((rung) => `scale=${rung.widthPx}:${rung.heightPx}:flags=bicubic,setsar=1,format=yuv420p`),
  ];
  return `[0:${track.streamIndex}]${filters.join(',')}[o]`;
}

async function assertRegular(joined: string, { grid }: JobPlan): Promise<void> {
  const ticks = await packetTicks(joined);
  assert.deepEqual(
    ticks,
    ticks.map((_, i) => grid!.delayTicks + i * grid!.ticksPerFrame),
  );
}

/** All segments of the plan, each of its planned length, with one init. */
function assertComplete(encoded: Encoded, rendition: string): void {
  const grid = encoded.plan.grid!;
  const parts = renditionOf(encoded, rendition);
  assert.equal(new Set(parts.map((part) => part.initSha256)).size, 1);
  const segments = parts.flatMap((part) => part.segments);
  assert.deepEqual(
    segments.map(({ segment, durationTicks }) => [segment, durationTicks]),
    segments.map((_, i) => [i, framesOfSegment(grid, i) * grid.ticksPerFrame]),
  );
}

test('each keyframe, fetched by its range behind the init, is one picture of the video', {
  timeout: TEST_DEADLINE_MS,
}, async () => {
  await using bench = await mediaBench();
  const path = await bench.make('keyframes.mp4', [...moving('30', 210), ...x264, '-bf', '2']);
  const encoded = await encodeFile(path, bench);
  const read = presentationOf(encoded, bench);
  for (const { rendition } of encoded.plan.rungs) {
    const all = await picturesOf(await joinRendition(encoded, rendition, bench));
    const init = await read(`g1/${rendition}/init.mp4`);
    const alone = renditionOf(encoded, rendition).flatMap(({ segments }) =>
      segments.flatMap(({ segment, keyframes = [] }) => keyframes.map((range) => ({ segment, range }))),
    );
    assert.equal(alone.length, 4);
    for (const [i, { segment, range }] of alone.entries()) {
      const [offset, sizeBytes] = range;
      const bytes = await read(`g1/${rendition}/${String(segment).padStart(6, '0')}.m4s`);
      const file = join(bench.folder, 'keyframe.mp4');
      await writeFile(file, Buffer.concat([init, bytes.subarray(offset, offset + sizeBytes)]));
      assert.deepEqual(await picturesOf(file), [all[i * encoded.plan.grid!.gopFrames]]);
    }
  }
});

test('what a second attempt finds has its keyframes at the same places', { timeout: TEST_DEADLINE_MS }, async () => {
  await using bench = await mediaBench();
  const path = await bench.make('again.mp4', [...moving('30', 90), ...x264]);
  const first = await encodeFile(path, bench);
  assert.ok(first.results.every(({ renditions }) => renditions.every((one) => one.segments[0]?.keyframes?.length)));
  assert.deepEqual((await encodeFile(path, bench)).results, first.results);
});

test('with the rate cap, doing a chunk again gives the same bytes', { timeout: TEST_DEADLINE_MS }, async () => {
  await using first = await mediaBench();
  const path = await first.make('twice.mp4', [...moving('30', 270), ...x264]);
  await encodeFile(path, first);
  await using second = await mediaBench();
  await encodeFile(path, second);
  const segments = first.store.keys().filter((key) => key.endsWith('.m4s'));
  assert.equal(segments.length, 6);
  for (const key of segments) assert.deepEqual(await etagOf(key, first), await etagOf(key, second), key);
});

const etagOf = async (key: string, { store }: MediaBench): Promise<string | undefined> =>
  (await store.head(key as Parameters<typeof store.head>[0]))?.etag;

const clips = process.env.MILLRACE_TEST_MEDIA;
if (clips) {
  test('crystal.mp4 gives 359 frames at 30 per second, in step', { timeout: TEST_DEADLINE_MS }, async () => {
    await using bench = await mediaBench();
    const encoded = await encodeFile(`${clips}/crystal.mp4`, bench);
    assert.deepEqual(encoded.plan.grid?.frameRate, { numerator: 30, denominator: 1 });
    for (const { rendition } of encoded.plan.rungs) {
      const joined = await joinRendition(encoded, rendition, bench);
      assert.equal((await picturesOf(joined)).length, 359);
      await assertRegular(joined, encoded.plan);
    }
  });
}
