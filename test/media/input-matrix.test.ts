import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { dashManifest } from '../../src/domain/dash-manifest.ts';
import { mediaPlaylist, multivariantPlaylist } from '../../src/domain/hls-playlist.ts';
import { offerOf } from '../../src/domain/offer.ts';
import type { AudioPlan, JobPlan } from '../../src/domain/tasks.ts';
import { parseDash, parseHls } from '../support/manifest-parsers.ts';
import { INPUT_MATRIX } from './input-matrix.ts';
import { markedFrames, numberOf, numbersShown, onsets } from './marked-clip.ts';
import type { MatrixRow } from './matrix-row.ts';
import {
  type Encoded,
  encodeFile,
  joinRendition,
  type MediaBench,
  mediaBench,
  packetTicks,
  samplesFrom,
  TEST_DEADLINE_MS,
} from './media-bench.ts';

/** As many as there are cores on a small machine. */
const ROWS_AT_ONCE = 2;
/** Of sound, at 48 kHz: a lead or lag of less is below what AAC itself can say. */
const AUDIO_FRAME_SAMPLES = 1024;
/** Sound alone ends where the last packet of its codec ends. */
const CODEC_FRAME_SECONDS = 0.025;

describe('the input matrix', { concurrency: ROWS_AT_ONCE }, () => {
  for (const row of INPUT_MATRIX) {
    test(`${row.name} comes out exact`, { timeout: TEST_DEADLINE_MS }, async () => {
      await using bench = await mediaBench();
      const encoded = await encodeFile(await row.make(bench), bench);
      const { plan } = encoded;
      assertPlan(plan, row);
      for (const { rendition } of plan.rungs) await assertPictures(rendition, row, encoded, bench);
      for (const audio of plan.audio) await assertSound(audio, row, encoded, bench);
      assertOffer(encoded, row);
      await row.check?.(plan, (rendition) => joinRendition(encoded, rendition, bench));
    });
  }
});

function assertPlan({ facts, grid, rungs, chunks, audio }: JobPlan, row: MatrixRow): void {
  assert.equal(grid && `${grid.frameRate.numerator}/${grid.frameRate.denominator}`, row.rate, 'frame rate');
  assert.equal(grid?.frames, row.frames, 'frames');
  assert.deepEqual(
    rungs.map(({ widthPx, heightPx }) => `${widthPx}x${heightPx}`),
    row.sizes ?? [],
  );
  assert.deepEqual(
    audio.map(({ rendition }) => rendition),
    row.audio ?? [],
  );
  const isCut = grid && grid.frames > grid.segmentFrames && !facts.video?.jumps;
  if (isCut) assert.ok(chunks.length > 1, 'one chunk proves nothing about seams');
}

async function assertPictures(rendition: string, row: MatrixRow, encoded: Encoded, bench: MediaBench): Promise<void> {
  const { grid } = encoded.plan;
  const joined = await joinRendition(encoded, rendition, bench);
  const shows = row.shows ?? ((i: number) => i);
  assert.deepEqual(
    await numbersShown(joined, row.held),
    Array.from({ length: row.frames ?? 0 }, (_, i) => numberOf(shows(i))),
    `pictures of ${rendition}`,
  );
  assert.deepEqual(
    await packetTicks(joined),
    Array.from({ length: row.frames ?? 0 }, (_, i) => grid!.delayTicks + i * grid!.ticksPerFrame),
    `times of ${rendition}`,
  );
}

async function assertSound(audio: AudioPlan, row: MatrixRow, encoded: Encoded, bench: MediaBench): Promise<void> {
  const joined = await joinRendition(encoded, audio.rendition, bench);
  const ticks = await packetTicks(joined);
  assert.deepEqual(
    ticks,
    ticks.map((_, i) => audio.delayTicks + i * AUDIO_FRAME_SAMPLES),
  );
  const heard = onsets(await samplesFrom('0', joined)).map((sample) => sample - audio.delayTicks);
  const expected = beepsOf(row).map((seconds) => Math.round(seconds * audio.sampleRateHz));
  assert.equal(heard.length, expected.length, `beeps at ${heard} instead of ${expected} in ${audio.rendition}`);
  for (const [i, sample] of heard.entries()) {
    const offset = sample - (expected[i] ?? 0);
    assert.ok(Math.abs(offset) <= AUDIO_FRAME_SAMPLES, `${audio.rendition}: beep ${i} is ${offset} samples late`);
  }
}

function beepsOf({ beepsAt, rate, frames }: MatrixRow): readonly number[] {
  if (beepsAt) return beepsAt;
  const [numerator = 25, denominator = 1] = (rate ?? '').split('/').map(Number);
  const marked = markedFrames({ rate: { numerator, denominator }, frames: frames ?? 0 });
  return marked.map((frame) => (frame * denominator) / numerator);
}

/** Playlists and manifest name every segment, and their durations sum up. */
function assertOffer({ plan, results }: Encoded, row: MatrixRow): void {
  const offer = offerOf(
    1,
    plan,
    results.flatMap(({ renditions }) => renditions),
  );
  const seconds = plan.grid ? (plan.grid.frames * plan.grid.ticksPerFrame) / plan.grid.timescale : row.audioSeconds;
  for (const { made } of [...offer.video, ...offer.audio]) {
    const { segments } = parseHls(mediaPlaylist(made));
    const sum = segments.reduce((all, { duration }) => all + duration, 0);
    const within = plan.grid ? 1e-4 : CODEC_FRAME_SECONDS;
    assert.ok(Math.abs(sum - (seconds ?? 0)) < within, `${made.rendition} lasts ${sum} s and not ${seconds} s`);
  }
  const parsed = parseHls(multivariantPlaylist(offer));
  assert.equal(parsed.playlists?.length, plan.rungs.length || 1);
  const dash = parseDash(dashManifest(offer), 'http://edge/manifest.mpd');
  assert.equal(dash.playlists.length, plan.rungs.length);
}
