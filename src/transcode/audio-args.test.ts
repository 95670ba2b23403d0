import assert from 'node:assert/strict';
import { test } from 'node:test';
import { audioChunks, audioSpan, encodedSpan, wholeSound } from '../domain/audio-chunks.ts';
import type { AudioPlan, AudioTrackFacts } from '../domain/tasks.ts';
import { type AudioRun, audioArgs, seeksBack } from './audio-args.ts';

const URL = 'http://127.0.0.1:1/x';
const track: AudioTrackFacts = {
  streamIndex: 1,
  codec: 'aac',
  channels: 6,
  sampleRateHz: 44_100,
  startSeconds: '1.400000000',
  durationSeconds: 7200,
};
const whole: AudioPlan = {
  rendition: 'a-en',
  track,
  sampleRateHz: 48_000,
  bitrateBps: 128_000,
  samples: 7200 * 48_000,
  originSeconds: '1.466733333',
  segmentSeconds: 4.004,
  delayTicks: 3203,
};
const steady = { packetSamples: 1024, startSeconds: '1.400000000' };
const cut: AudioPlan = { ...whole, track: { ...track, steady }, chunkSegments: 450 };
const second = audioChunks(cut)[1]!;
const after = (args: readonly string[], option: string): string | undefined => args[args.indexOf(option) + 1];
const graphOf = (run: Omit<AudioRun, 'url'>): string | undefined =>
  after(audioArgs({ url: URL, ...run }), '-filter_complex');

test('audio is as long as planned, and begins where the video begins', () => {
  assert.equal(
    graphOf({ plan: whole, span: audioSpan(whole, wholeSound(whole)) }),
    '[0:1]asetpts=PTS-(1.466733333)/TB,aresample=48000:async=1000:first_pts=0:flags=res,' +
      'aformat=sample_fmts=fltp:channel_layouts=stereo,apad,atrim=end_sample=345600000,asetpts=N/SR/TB[a]',
  );
});

test('a chunk is found on the grid of packets, and resampled from a whole second on', () => {
  // 450 segments of 4.004 s end nearest to frame 84459; 720 frames before it lies sample 85,748,736, at 1786.43 s. 900 end with frame 168919.
  const first = '((1.400000000)-(1.466733333))/TB';
  const edge = 'if(N,0,NB_SAMPLES)';
  assert.equal(
    graphOf({ plan: cut, span: encodedSpan(cut, second), seekBackSeconds: 3 }),
    `[0:1]asetpts='floor(${first}+1024*round((PTS-(1.466733333)/TB+${edge}-${first})/1024)-${edge}+0.5)',atrim=start=1786,` +
      'aresample=48000:async=1:min_comp=0.00005:min_hard_comp=0.00005:flags=res,' +
      'aformat=sample_fmts=fltp:channel_layouts=stereo,apad,atrim=start_pts=85748736:end_pts=172974080[a]',
  );
});

test('the tries begin 3 and 30 s before a chunk, and the last one at the beginning, where silence is filled in', () => {
  const span = encodedSpan(cut, second);
  assert.deepEqual(seeksBack({ plan: cut, span }), [3, 30, undefined]);
  assert.equal(after(audioArgs({ url: URL, plan: cut, span, seekBackSeconds: 30 }), '-ss'), '1757.466733');
  assert.ok(!audioArgs({ url: URL, plan: cut, span }).includes('-ss'));
  assert.match(graphOf({ plan: cut, span }) ?? '', /:first_pts=85728000:/);
  assert.deepEqual(seeksBack({ plan: cut, span: encodedSpan(cut, audioChunks(cut)[0]!) }), [undefined]);
  assert.deepEqual(seeksBack({ plan: whole, span: audioSpan(whole, wholeSound(whole)) }), [undefined]);
});

test('a chunk behind the end of the sound is begun with the last second of it', () => {
  const plan = { ...cut, track: { ...cut.track, durationSeconds: 600.5 } };
  const args = audioArgs({ url: URL, plan, span: encodedSpan(plan, second), seekBackSeconds: 3 });
  assert.match(after(args, '-filter_complex') ?? '', /,atrim=start=599,/);
  assert.equal(after(args, '-ss'), '597.466733');
});

test('sound is read as nothing but HTTP and known containers', () => {
  const args = audioArgs({ url: URL, plan: cut, span: encodedSpan(cut, second), seekBackSeconds: 3 });
  const input = args.slice(0, args.indexOf('-i'));
  assert.equal(after(input, '-protocol_whitelist'), 'http,tcp');
  assert.match(after(input, '-format_whitelist') ?? '', /^mov,matroska,/);
});
