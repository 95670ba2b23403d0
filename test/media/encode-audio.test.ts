import assert from 'node:assert/strict';
import { test } from 'node:test';
import { secondsOf } from '../../src/domain/cut-plan.ts';
import {
  encodeFile,
  joinRendition,
  lagOf,
  mediaBench,
  packetTicks,
  renditionOf,
  samplesFrom,
  TEST_DEADLINE_MS,
} from './media-bench.ts';

/** A tone that climbs, so that it resembles itself at one offset only. */
const chirp = (rateHz: number, channels: string): string[] => [
  '-f',
  'lavfi',
  '-i',
  `aevalsrc='0.5*sin(2*PI*(300+200*t)*t)':s=${rateHz}:c=${channels}`,
];
const picture = (rate: string): string[] => ['-f', 'lavfi', '-i', `testsrc2=s=64x48:r=${rate}`];
const codecs = ['-c:v', 'libx264', '-preset', 'ultrafast', '-bf', '2', '-c:a', 'aac'];
/** A millisecond at 48 kHz. */
const TOLERATED_SAMPLES = 48;

type Clip = { readonly what: string; readonly file: string; readonly args: readonly string[] };
const WITH_VIDEO: readonly Clip[] = [
  {
    what: '44.1 kHz mono in MP4',
    file: 'a.mp4',
    args: [...picture('30000/1001'), ...chirp(44_100, 'mono'), ...codecs],
  },
  {
    what: 'a transport stream that starts late',
    file: 'a.ts',
    args: [...picture('25'), ...chirp(48_000, 'stereo'), ...codecs],
  },
  { what: '5.1 channels in Matroska', file: 'a.mkv', args: [...picture('25'), ...chirp(48_000, '5.1'), ...codecs] },
];

for (const { what, file, args } of WITH_VIDEO) {
  test(`sound of ${what} is in step with the picture within a millisecond`, { timeout: TEST_DEADLINE_MS }, async () => {
    await using bench = await mediaBench();
    const path = await bench.make(file, [...args, '-t', '9.3']);
    const encoded = await encodeFile(path, bench);
    const [plan] = encoded.plan.audio;
    const joined = await joinRendition(encoded, plan!.rendition, bench);
    // The picture is shown late by as much as frames are decoded ahead, so the sound has to be as late.
    const lag = lagOf(await samplesFrom('0', joined), await samplesFrom(plan!.originSeconds, path)) - plan!.delayTicks;
    assert.equal(plan!.delayTicks, Math.round(secondsOf(encoded.plan.grid!, 2) * 48_000));
    assert.ok(Math.abs(lag) < TOLERATED_SAMPLES, `${lag} samples late`);
    const lasts = renditionOf(encoded, plan!.rendition)[0]!.segments.map((segment) => segment.durationTicks);
    assert.equal(
      lasts.reduce((sum, ticks) => sum + ticks, 0),
      plan!.samples,
    );
    const ticks = await packetTicks(joined);
    assert.deepEqual(
      ticks,
      ticks.map((_, i) => plan!.delayTicks + i * 1024),
    );
  });
}

test('sound alone becomes an audio rendition of its own length', { timeout: TEST_DEADLINE_MS }, async () => {
  await using bench = await mediaBench();
  const path = await bench.make('a.flac', [...chirp(44_100, 'mono'), '-t', '9.25']);
  const encoded = await encodeFile(path, bench);
  assert.deepEqual(
    encoded.results.flatMap(({ renditions }) => renditions.map(({ rendition, codec }) => [rendition, codec])),
    [['a-und', 'mp4a.40.2']],
  );
  assert.equal(encoded.plan.audio[0]?.samples, 9.25 * 48_000);
  const joined = await joinRendition(encoded, 'a-und', bench);
  const lag = lagOf(await samplesFrom('0', joined), await samplesFrom('0', path));
  assert.ok(Math.abs(lag) < TOLERATED_SAMPLES, `${lag} samples late`);
});
