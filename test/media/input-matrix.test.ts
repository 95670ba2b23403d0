import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { after, describe, test } from 'node:test';
import type { AudioPlan, JobPlan } from '../../src/domain/tasks.ts';
import { checkPresentation } from '../../src/main/verify/check-presentation.ts';
import { readPresentation } from '../../src/main/verify/read-presentation.ts';
import { INPUT_MATRIX } from './input-matrix.ts';
import { markedFrames, numberOf, numbersShown, onsets } from './marked-clip.ts';
import type { MatrixRow } from './matrix-row.ts';
import { tableLine, tableText } from './matrix-table.ts';
import {
  type Encoded,
  encodeFile,
  joinRendition,
  type MediaBench,
  mediaBench,
  packetTicks,
  presentationOf,
  samplesFrom,
  TEST_DEADLINE_MS,
} from './media-bench.ts';

/** As many as there are cores on a small machine. */
const ROWS_AT_ONCE = 2;
/** Of sound, at 48 kHz: a lead or lag of less is below what AAC itself can say. */
const AUDIO_FRAME_SAMPLES = 1024;
/** Sound alone ends where the last packet of its codec ends. */
const CODEC_FRAME_SECONDS = 0.025;

/** A line of the table for each row that passed. */
const seen = new Map<string, string>();
const TABLE = new URL('../../docs/processing-matrix.md', import.meta.url);

/** `MILLRACE_WRITE_MATRIX=1` writes the table into the documents, once every row has passed. */
after(async () => {
  if (!process.env.MILLRACE_WRITE_MATRIX || seen.size < INPUT_MATRIX.length) return;
  const lines = INPUT_MATRIX.map(({ name }) => seen.get(name) ?? '');
  await writeFile(TABLE, tableText(lines));
});

test('the documents show exactly the inputs that are tested', async () => {
  const shown = [...(await readFile(TABLE, 'utf8')).matchAll(/^\| (.+?) \|/gm)].map(([, name]) => name);
  assert.deepEqual(
    shown.slice(1),
    INPUT_MATRIX.map(({ name }) => name),
  );
});

describe('the input matrix', { concurrency: ROWS_AT_ONCE }, () => {
  for (const row of INPUT_MATRIX) {
    test(`${row.name} comes out exact`, { timeout: TEST_DEADLINE_MS }, async () => {
      await using bench = await mediaBench();
      const encoded = await encodeFile(await row.make(bench), bench);
      const { plan } = encoded;
      assertPlan(plan, row);
      for (const { rendition } of plan.rungs) await assertPictures(rendition, row, encoded, bench);
      const offsets: number[] = [];
      for (const audio of plan.audio) offsets.push(...(await assertSound(audio, row, encoded, bench)));
      seen.set(row.name, tableLine(row, plan, offsets));
      await assertConforms(encoded, row, bench);
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

/** Returns how late each beep is, in samples. */
async function assertSound(audio: AudioPlan, row: MatrixRow, encoded: Encoded, bench: MediaBench): Promise<number[]> {
  const joined = await joinRendition(encoded, audio.rendition, bench);
  const ticks = await packetTicks(joined);
  assert.deepEqual(
    ticks,
    ticks.map((_, i) => audio.delayTicks + i * AUDIO_FRAME_SAMPLES),
  );
  const heard = onsets(await samplesFrom('0', joined)).map((sample) => sample - audio.delayTicks);
  const expected = beepsOf(row).map((seconds) => Math.round(seconds * audio.sampleRateHz));
  assert.equal(heard.length, expected.length, `beeps at ${heard} instead of ${expected} in ${audio.rendition}`);
  const offsets = heard.map((sample, i) => sample - (expected[i] ?? 0));
  for (const [i, offset] of offsets.entries()) {
    assert.ok(Math.abs(offset) <= AUDIO_FRAME_SAMPLES, `${audio.rendition}: beep ${i} is ${offset} samples late`);
  }
  return offsets;
}

function beepsOf({ beepsAt, rate, frames }: MatrixRow): readonly number[] {
  if (beepsAt) return beepsAt;
  const [numerator = 25, denominator = 1] = (rate ?? '').split('/').map(Number);
  const marked = markedFrames({ rate: { numerator, denominator }, frames: frames ?? 0 });
  return marked.map((frame) => (frame * denominator) / numerator);
}

/** Playlists, manifest, inits and segments are what players may rely on, and last as long as planned. */
async function assertConforms(encoded: Encoded, row: MatrixRow, bench: MediaBench): Promise<void> {
  const { grid } = encoded.plan;
  const presentation = await readPresentation(presentationOf(encoded, bench));
  const faults = checkPresentation(presentation).filter(({ level }) => level === 'must');
  assert.deepEqual(faults, []);
  const seconds = grid ? (grid.frames * grid.ticksPerFrame) / grid.timescale : row.audioSeconds;
  for (const { uri, segments, init } of presentation.renditions.values()) {
    const sum = segments.reduce((all, { durationTicks }) => all + durationTicks, 0) / init.timescale;
    const within = grid ? 1e-4 : CODEC_FRAME_SECONDS;
    assert.ok(Math.abs(sum - (seconds ?? 0)) < within, `${uri} lasts ${sum} s and not ${seconds} s`);
  }
}
