import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDescription, type StreamDescription } from './describe-source.ts';
import type { PacketTimes } from './read-packets.ts';
import { factsOf } from './source-facts.ts';

const stream = (facts: Partial<StreamDescription> = {}): StreamDescription => ({
  index: 0,
  codec_type: 'video',
  codec_name: 'h264',
  width: 1920,
  height: 1080,
  r_frame_rate: '30/1',
  avg_frame_rate: '30/1',
  time_base: '1/30',
  ...facts,
});
const sound = (facts: Partial<StreamDescription> = {}): StreamDescription => ({
  index: 1,
  codec_type: 'audio',
  codec_name: 'aac',
  sample_rate: '48000',
  channels: 2,
  time_base: '1/48000',
  ...facts,
});
const times = (startTicks: number, endTicks: number): PacketTimes => ({
  startTicks,
  endTicks,
  lastTicks: endTicks - 1,
  lastKeyframeTicks: startTicks,
  keyframeTicks: 0,
  busiestPerSecond: 0,
  lateTicks: 0,
  spans: [{ startTicks, endTicks }],
});
const factsWith = (
  streams: readonly StreamDescription[],
  of: readonly [number, PacketTimes][] = [[0, times(0, 300)]],
  format: { format_name: string; duration?: string } = { format_name: 'mov,mp4,m4a,3gp,3g2,mj2', duration: '10' },
) => factsOf({ streams: [...streams], format }, { head: new Map(of), tail: new Map(of) });

test('a phone held upright gives a portrait video', () => {
  const { video } = factsWith([stream({ side_data_list: [{}, { rotation: -90 }] })]);
  assert.deepEqual([video?.widthPx, video?.heightPx], [1080, 1920]);
});

test('upside down is no portrait', () => {
  const { video } = factsWith([stream({ side_data_list: [{ rotation: 180 }] })]);
  assert.deepEqual([video?.widthPx, video?.heightPx], [1920, 1080]);
});

test('pixels that are not square are made so by stretching the width', () => {
  const { video } = factsWith([stream({ width: 720, height: 576, sample_aspect_ratio: '64:45' })]);
  assert.deepEqual([video?.widthPx, video?.heightPx, video?.squarePixels], [1024, 576, false]);
});

test('high dynamic range is told from the transfer function', () => {
  const isHigh = (transfer: string) => factsWith([stream({ color_transfer: transfer })]).video?.highDynamicRange;
  assert.deepEqual([isHigh('smpte2084'), isHigh('arib-std-b67'), isHigh('bt709')], [true, true, undefined]);
});

test('cover art is no video', () => {
  const art = stream({ codec_name: 'mjpeg', disposition: { attached_pic: 1 } });
  const facts = factsWith([art, sound()], [[1, times(0, 480_000)]], { format_name: 'mp3' });
  assert.equal(facts.video, undefined);
  assert.deepEqual([facts.durationSeconds, facts.audio.length], [10, 1]);
});

test('frames are counted on the grid from the first to the end of the last packet', () => {
  const ntsc = stream({ avg_frame_rate: '30000/1001', r_frame_rate: '30000/1001', time_base: '1/90000' });
  const { video } = factsWith([ntsc], [[0, { ...times(132_006, 2_020_893), lastTicks: 2_017_890 }]], {
    format_name: 'mpegts',
  });
  assert.deepEqual([video?.frames, video?.startSeconds, video?.seeksToKeyframe], [629, '1.466733333', false]);
});

test('a last packet without a length lasts one frame', () => {
  const open = { ...times(0, 299), lastTicks: 299 };
  assert.equal(factsWith([stream()], [[0, open]]).video?.frames, 300);
});

test('a header that announces more than the packets hold is a truncated source', () => {
  const announced = { format_name: 'matroska,webm', duration: '12.5' };
  assert.throws(() => factsWith([stream()], [[0, times(0, 300)]], announced), { code: 'source_truncated' });
  // Estimated from a bit rate, a length promises nothing.
  factsWith([stream()], [[0, times(0, 300)]], { format_name: 'mpegts', duration: '12.5' });
});

test('an audio track of which no packet was found does not count', () => {
  assert.deepEqual(factsWith([stream(), sound()]).audio, []);
});

test('an answer of ffprobe in another form is not a video', () => {
  assert.throws(() => parseDescription('{}'), { code: 'not_a_video' });
});

const withSound = (from: number, to: number) =>
  factsWith(
    [stream(), sound()],
    [
      [0, times(0, 300)],
      [1, times(from * 48_000, to * 48_000)],
    ],
  );

test('sound that goes on after the picture holds the last one, and a little more is cut off', () => {
  const { video, durationSeconds } = withSound(0, 12);
  assert.deepEqual([video?.frames, video?.heldFrames, durationSeconds], [360, 60, 12]);
  assert.equal(withSound(0, 10.2).video?.heldFrames, undefined);
});

test('sound that begins before the picture shows the first one early, in whole frames', () => {
  const { video } = withSound(-1.02, 10);
  assert.deepEqual([video?.frames, video?.leadSeconds, video?.startSeconds], [330, 1, '-1.000000000']);
});

test('the track that a file marks as default is the video, and among sounds the one to play', () => {
  const second = stream({ index: 2, width: 640, height: 360, disposition: { default: 1 } });
  const facts = factsWith(
    [stream(), second, sound({ disposition: { default: 1 } })],
    [
      [0, times(0, 300)],
      [1, times(0, 480_000)],
      [2, times(0, 300)],
    ],
  );
  assert.deepEqual([facts.video?.streamIndex, facts.audio[0]?.isDefault], [2, true]);
});

test('where times jump, all tracks take off what the picture jumps', () => {
  const jumping = (spans: PacketTimes['spans']) => ({ ...times(spans[0]!.startTicks, spans.at(-1)!.endTicks), spans });
  const facts = factsWith(
    [stream(), sound({ time_base: '1/30' })],
    [
      [
        0,
        jumping([
          { startTicks: 30, endTicks: 330 },
          { startTicks: 0, endTicks: 300 },
        ]),
      ],
      [
        1,
        jumping([
          { startTicks: 29, endTicks: 331 },
          { startTicks: 0, endTicks: 300 },
        ]),
      ],
    ],
    { format_name: 'mpegts' },
  );
  assert.deepEqual(facts.video?.jumps, ['-11.000000000']);
  assert.deepEqual(facts.audio[0]?.jumps, facts.video?.jumps);
  assert.deepEqual([facts.video?.frames, facts.durationSeconds], [600, 20]);
});
