import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { audioChunks, audioSpan, wholeSound } from '../../src/domain/audio-chunks.ts';
import { AAC_FRAME_SAMPLES } from '../../src/domain/audio-plan.ts';
import type { AudioPlan, JobPlan } from '../../src/domain/tasks.ts';
import { checkPresentation } from '../../src/main/verify/check-presentation.ts';
import { readPresentation } from '../../src/main/verify/read-presentation.ts';
import { audioArgs } from '../../src/transcode/audio-args.ts';
import {
  encodeFile,
  joinRendition,
  lagOf,
  mediaBench,
  packetTicks,
  presentationOf,
  samplesFrom,
  soundInChunks,
  TEST_DEADLINE_MS,
} from './media-bench.ts';

const run = promisify(execFile);
const SECONDS = 27;
const CHUNK_SECONDS = 8;
const deadline = { timeout: TEST_DEADLINE_MS };
/** At 48 kHz. */
const MILLISECOND = 48;

const input = (graph: string, ...before: readonly string[]): string[] => [...before, '-f', 'lavfi', '-i', graph];
const picture = (seconds = SECONDS): string => `testsrc2=s=64x48:r=25:d=${seconds}`;
const X264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-threads', '1', '-bf', '2', '-g', '100'];
/** A pure tone shows any step in time; of a thousandth of a second it makes a bang. */
const tone = (rateHz: number): string => `aevalsrc='0.5*sin(2*PI*997*t)':s=${rateHz}:c=stereo:d=${SECONDS}`;
/** Plucked notes over a voice that wavers, and a chirp, which resembles itself at one offset only. */
const music = (rateHz: number, layout = 'stereo', seconds = SECONDS): string =>
  `aevalsrc='0.25*sin(2*PI*220*t)*exp(-3*mod(t,0.5))+0.15*sin(2*PI*330*t+3*sin(2*PI*5*t))` +
  `+0.1*sin(2*PI*1760*t)*exp(-8*mod(t+0.1,0.25))+0.1*sin(2*PI*(300+100*t)*t)'` +
  `:s=${rateHz}:c=mono:d=${seconds},aformat=channel_layouts=${layout}`;

type Clip = {
  readonly what: string;
  readonly file: string;
  readonly args: readonly string[];
  /** Resembles itself at any offset of whole periods. */
  readonly isPeriodic?: boolean;
};
const CLIPS: readonly Clip[] = [
  { what: 'a pure tone at 44.1 kHz in FLAC', file: 'tone.flac', args: input(tone(44_100)), isPeriodic: true },
  {
    what: '44.1 kHz mono in MP4',
    file: 'a.mp4',
    args: [...input(picture()), ...input(music(44_100, 'mono')), ...X264],
  },
  {
    what: '5.1 channels in Matroska',
    file: 'a.mkv',
    args: [...input(picture()), ...input(music(48_000, '5.1')), ...X264, '-c:a', 'ac3'],
  },
  {
    what: 'sound that begins before the picture, with times in milliseconds',
    file: 'early.mkv',
    args: [...input(picture(), '-itsoffset', '0.2'), ...input(music(44_100)), ...X264, '-c:a', 'libmp3lame'],
  },
  {
    what: 'a transport stream that starts late',
    file: 'a.ts',
    args: [...input(picture()), ...input(music(44_100)), ...X264, '-c:a', 'aac', '-output_ts_offset', '900'],
  },
  {
    what: 'negative times and a late start of the sound',
    file: 'negative.mp4',
    args: [
      ...[...input(picture()), ...input(music(48_000), '-itsoffset', '1.3'), ...X264, '-c:a', 'aac'],
      ...['-output_ts_offset', '-0.7', '-avoid_negative_ts', 'disabled'],
    ],
  },
  {
    what: 'sound that is shorter than the picture',
    file: 'shorter.webm',
    args: [
      ...[...input(picture()), ...input(music(48_000, 'stereo', 12.3)), '-c:v', 'libvpx', '-deadline', 'realtime'],
      ...['-cpu-used', '8', '-c:a', 'libopus'],
    ],
  },
  {
    what: 'sound that is longer than the picture',
    file: 'longer.mov',
    args: [...input(picture(3)), ...input(music(44_100)), ...X264, '-c:a', 'pcm_s16le'],
  },
];

/** As many as there are cores on a small machine. */
describe('sound in chunks', { concurrency: 2 }, () => {
  for (const { what, file, args, isPeriodic = false } of CLIPS) {
    test(`${what}: joins are contiguous to the tick, and sound no worse than what lies between`, deadline, async () => {
      await using bench = await mediaBench();
      const path = await bench.make(file, args);
      const encoded = await encodeFile(path, bench, (plan) => soundAlone(soundInChunks(CHUNK_SECONDS)(plan)));
      const [plan] = encoded.plan.audio;
      if (!plan) throw new Error('a clip without sound');
      assert.equal(audioChunks(plan).length, Math.ceil(plan.samples / plan.sampleRateHz / CHUNK_SECONDS));
      const joined = await joinRendition(encoded, plan.rendition, bench);
      const ticks = await packetTicks(joined);
      assert.deepEqual(
        ticks,
        ticks.map((_, i) => plan.delayTicks + i * AAC_FRAME_SAMPLES),
      );
      const heard = (await samplesFrom('0', joined)).subarray(plan.delayTicks);
      assertJoins(errorsOf(heard, await given(plan, path)), plan);
      if (isPeriodic) return;
      const { chunkSegments: _, ...whole } = plan;
      const lag = lagOf(heard, await given(whole, path));
      assert.ok(Math.abs(lag) <= MILLISECOND, `${lag} samples late`);
    });
  }
});

test('a track alone is published from chunks without fault', deadline, async () => {
  await using bench = await mediaBench();
  const path = await bench.make('a.m4a', [...input(music(44_100)), '-c:a', 'aac']);
  const encoded = await encodeFile(path, bench, soundInChunks(CHUNK_SECONDS));
  assert.ok(audioChunks(encoded.plan.audio[0]!).length > 2);
  const presentation = await readPresentation(presentationOf(encoded, bench));
  assert.deepEqual(checkPresentation(presentation), []);
});

test(
  'sound that is not there where a seek leads to is looked for from the beginning, and only then silent',
  deadline,
  async () => {
    await using bench = await mediaBench();
    const gap = `aselect='not(between(t,8,12))',asetpts=PTS`;
    const path = await bench.make('gap.mkv', [...input(tone(48_000)), '-af', gap, '-c:a', 'flac']);
    const steady = { packetSamples: 1, startSeconds: '0' };
    const encoded = await encodeFile(path, bench, (plan) => {
      const audio = plan.audio.map((one) => ({ ...one, track: { ...one.track, steady } }));
      return soundInChunks(CHUNK_SECONDS)({ ...plan, audio });
    });
    // What is encoded for the last chunk begins at 8.6 s, within the gap.
    assert.equal(encoded.results.length, 4);
    const heard = await samplesFrom('0', await joinRendition(encoded, 'a-und', bench));
    const loudest = (from: number, to: number): number =>
      heard.subarray(from * 48_000, to * 48_000).reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
    assert.ok(loudest(8.2, 11.9) < 0.01, 'the gap is silent');
    for (const [from, to] of [
      [7, 7.9],
      [12.2, 12.4],
      [16, 16.1],
      [24, 24.1],
    ] as const)
      assert.ok(loudest(from, to) > 0.4);
  },
);

test('sound whose samples cannot be placed exactly stays one task', deadline, async () => {
  await using bench = await mediaBench();
  const path = await bench.make('a.mkv', [...input(music(48_000)), '-c:a', 'libvorbis']);
  const encoded = await encodeFile(path, bench, soundInChunks(CHUNK_SECONDS));
  assert.deepEqual([encoded.plan.audio[0]?.chunkSegments, encoded.results.length], [undefined, 1]);
});

const soundAlone = (plan: JobPlan): JobPlan => ({ ...plan, chunks: [] });

/** The first channel of what an encoder would be given of the whole track. */
async function given(plan: AudioPlan, path: string): Promise<Float32Array> {
  const args = audioArgs({ url: path, plan, span: audioSpan(plan, wholeSound(plan)) });
  const graph = `${args[args.indexOf('-filter_complex') + 1]};[a]pan=mono|c0=c0,aformat=sample_fmts=flt[o]`;
  const { stdout } = await run(
    'ffmpeg',
    ['-nostdin', '-v', 'error', '-copyts', '-i', path, '-filter_complex', graph, '-map', '[o]', '-f', 'f32le', '-'],
    { encoding: 'buffer', maxBuffer: 1 << 28 },
  );
  return new Float32Array(Uint8Array.from(stdout).buffer, 0, Math.floor(stdout.byteLength / 4));
}

/** Power of the difference, for each AAC frame. */
function errorsOf(heard: Float32Array, wanted: Float32Array): number[] {
  return Array.from({ length: Math.floor(wanted.length / AAC_FRAME_SAMPLES) }, (_, frame) => {
    let sum = 0;
    for (let i = frame * AAC_FRAME_SAMPLES; i < (frame + 1) * AAC_FRAME_SAMPLES; i++) {
      sum += ((heard[i] ?? 0) - (wanted[i] ?? 0)) ** 2;
    }
    return sum / AAC_FRAME_SAMPLES;
  });
}

/** Frames around a join that it could be heard in. */
const AROUND_FRAMES = 6;
/** At its start an encoder has not settled, and at their end some sounds have half a frame. */
const EDGE_FRAMES = 47;

function assertJoins(errors: readonly number[], plan: AudioPlan): void {
  const joins = audioChunks(plan)
    .slice(1)
    .map((chunk) => audioSpan(plan, chunk).firstFrame);
  const isNear = (frame: number): boolean => joins.some((join) => Math.abs(frame - join) <= AROUND_FRAMES);
  const inner = errors.slice(0, -EDGE_FRAMES);
  const elsewhere = Math.max(...inner.filter((_, frame) => frame > EDGE_FRAMES && !isNear(frame)));
  const atJoins = Math.max(...inner.filter((_, frame) => isNear(frame)));
  const decibels = (power: number): string => `${(10 * Math.log10(power)).toFixed(1)} dB`;
  assert.ok(elsewhere < LOUDEST_ERROR, `an error of ${decibels(elsewhere)} between joins`);
  assert.ok(
    atJoins <= elsewhere * DECIBEL,
    `an error of ${decibels(atJoins)} at joins, ${decibels(elsewhere)} elsewhere`,
  );
}

const DECIBEL = 10 ** 0.1;
/** −20 dB: sound that is out of place is further off than that, and AAC is much nearer. */
const LOUDEST_ERROR = 0.01;
