import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gridOf } from '../domain/cut-plan.ts';
import type { Chunk, Rung, VideoTrackFacts } from '../domain/tasks.ts';
import { describeArgs, packetArgs, type VideoRun, videoArgs } from './ffmpeg-args.ts';

const URL = 'http://127.0.0.1:1/x';
const track = (facts: Partial<VideoTrackFacts> = {}): VideoTrackFacts => ({
  streamIndex: 2,
  codec: 'h264',
  widthPx: 1920,
  heightPx: 1080,
  frameRate: { numerator: 30_000, denominator: 1001 },
  frames: 1799,
  startSeconds: '1.466733333',
  interlaced: false,
  squarePixels: true,
  keyframeIntervalSeconds: 2,
  ...facts,
});
const rung = (short: number, crf = 23): Rung => ({
  rendition: `v${short}`,
  widthPx: short * 2,
  heightPx: short,
  maxrateBps: short * 1000,
  crf,
});
const chunkAt = (firstFrame: number): Chunk => ({ chunk: 3, firstSegment: 6, firstFrame, frames: 240 });
const runOf = (run: Partial<VideoRun> = {}): VideoRun => ({
  url: URL,
  track: track(),
  grid: gridOf(track()),
  rungs: [rung(1080), rung(720)],
  chunk: chunkAt(720),
  prerollSeconds: 0.5,
  ...run,
});
const after = (args: readonly string[], option: string): string | undefined => args[args.indexOf(option) + 1];
const graph = (run: Partial<VideoRun> = {}): string => after(videoArgs(runOf(run)), '-filter_complex') ?? '';

test('a chunk is cut by frame numbers on the absolute grid, and each size is scaled from the larger one', () => {
  assert.equal(
    graph(),
    '[0:2]setpts=PTS-(1.466733333)/TB,fps=30000/1001:round=near:eof_action=pass,trim=start_pts=720:end_pts=960[s0];' +
      '[s0]scale=2160:1080:flags=bicubic,setsar=1,format=yuv420p,split=2[o0][s1];' +
      '[s1]scale=1440:720:flags=bicubic,setsar=1,format=yuv420p[o1]',
  );
});

test('decoding starts a preroll before the chunk, counted from the start of the track', () => {
  // 1.466733 + 720 × 1001 / 30000 − 0.5
  assert.equal(after(videoArgs(runOf()), '-ss'), '24.990733');
});

test('the first chunk, and one that its preroll leads back to the start, are read from the start', () => {
  assert.equal(videoArgs(runOf({ chunk: chunkAt(0) })).includes('-ss'), false);
  assert.equal(videoArgs(runOf({ prerollSeconds: 30 })).includes('-ss'), false);
});

test('whatever is read from the start stands in for pictures missing there', () => {
  assert.match(graph({ chunk: chunkAt(0) }), /round=near:eof_action=pass:start_time=0,/);
  assert.doesNotMatch(graph(), /start_time/);
});

test('a picture that is held to the end is repeated, and looked for where it is', () => {
  const held = { track: track({ heldFrames: 1500 }), chunk: chunkAt(720) };
  assert.match(graph(held), /round=near:eof_action=pass,tpad=stop=1500:stop_mode=clone,trim=start_pts=720/);
  // 1.466733 + 298 × 1001 / 30000 − 0.5
  assert.equal(after(videoArgs(runOf(held)), '-ss'), '10.910000');
});

test('the last chunk has half a second to spare', () => {
  const last = { firstFrame: 1680, frames: 119, chunk: 7, firstSegment: 14 };
  assert.match(graph({ chunk: last }), /eof_action=pass,tpad=stop=15:stop_mode=clone,trim=start_pts=1680:end_pts=1799/);
});

test('nothing is sought before the first picture, nor where timestamps jump', () => {
  assert.equal(videoArgs(runOf({ track: track({ leadSeconds: 25 }) })).includes('-ss'), false);
  const jumping = { track: track({ jumps: ['-11.5', '988.5'] }) };
  assert.equal(videoArgs(runOf(jumping)).includes('-ss'), false);
  assert.ok(graph(jumping).includes("PTS-(1.466733333+eq(ld(0),1)*(-11.5)+eq(ld(0),2)*(988.5))/TB'"));
});

test('interlaced sources are deinterlaced and high dynamic range is mapped once', () => {
  assert.match(
    graph({ track: track({ interlaced: true }) }),
    /^\[0:2\]scale=interl=-1,bwdif=mode=send_frame:deint=interlaced,setpts/,
  );
  assert.equal(graph({ track: track({ highDynamicRange: true }) }).match(/tonemap/g)?.length, 1);
});

test('every rendition has its own pipe, one thread and a cap of one second', () => {
  const args = videoArgs(runOf());
  assert.deepEqual(
    args.filter((arg) => arg.startsWith('pipe:')),
    ['pipe:3', 'pipe:4'],
  );
  assert.equal(after(args, '-maxrate'), '1080000');
  assert.equal(after(args, '-bufsize'), '1080000');
  const threads = args.flatMap((arg, i) => (arg === '-threads' ? [args[i + 1]] : []));
  assert.deepEqual(threads, ['1', '1', '1']);
});

test('lossless has neither a cap nor a profile that could not carry it', () => {
  const args = videoArgs(runOf({ rungs: [rung(720, 0)] }));
  assert.deepEqual([after(args, '-crf'), args.includes('-maxrate'), args.includes('-profile:v')], ['0', false, false]);
});

test('no command reads anything but HTTP, known containers and pictures of bounded size', () => {
  for (const args of [videoArgs(runOf()), describeArgs(URL), packetArgs(URL, '%+1')]) {
    const input = args.slice(0, args.indexOf('-i'));
    assert.equal(after(input, '-protocol_whitelist'), 'http,tcp');
    assert.match(after(input, '-format_whitelist') ?? '', /^mov,matroska,/);
    assert.ok(Number(after(input, '-max_pixels')) > 0);
  }
});
