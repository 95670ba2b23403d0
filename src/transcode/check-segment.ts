import { AAC_FRAME_SAMPLES } from '../domain/audio-plan.ts';
import { framesOfSegment } from '../domain/cut-plan.ts';
import type { AudioPlan, VideoGrid } from '../domain/tasks.ts';
import { boxesIn } from '../lib/mp4/box.ts';
import { type Fragment, MDAT_HEADER_BYTES, readFragment } from '../lib/mp4/fragment.ts';
import type { Track } from '../lib/mp4/track.ts';
import type { FragmentBoxes } from './media-pieces.ts';
import { assertGop } from './video-segments.ts';

/**
 * Holds a stored segment against the grid: its GOPs, their frames and times, an IDR at the start of each.
 * @returns ticks that it lasts
 * @throws Error that says what is wrong
 */
export function checkVideoSegment(bytes: Buffer, segment: number, track: Track, grid: VideoGrid): number {
  const firstFrame = segment * grid.segmentFrames;
  const endFrame = firstFrame + framesOfSegment(grid, segment);
  if (track.timescale !== grid.timescale) throw new Error(`timescale ${track.timescale}, not ${grid.timescale}`);
  let frame = firstFrame;
  for (const { moof, mdat } of fragmentsIn(bytes)) {
    const frames = Math.min(grid.gopFrames, endFrame - frame);
    const gop = undelayed(readFragment(moof), grid);
    assertGop(gop, mdat, { grid, frame, frames, goodFrames: frame - firstFrame });
    if (track.codec.startsWith('avc1') && !startsWithIdr(gop, mdat)) throw new Error('a GOP starts without an IDR');
    frame += frames;
  }
  if (frame !== endFrame) throw new Error(`ends at frame ${frame}, not ${endFrame}`);
  return (endFrame - firstFrame) * grid.ticksPerFrame;
}

/** The same for a segment of sound: its AAC frames, from one boundary to the next, and their times. */
export function checkAudioSegment(
  bytes: Buffer,
  segment: number,
  track: Track,
  { plan, boundaries }: { readonly plan: AudioPlan; readonly boundaries: readonly number[] },
): number {
  const [first = 0, end = 0] = boundaries.slice(segment, segment + 2);
  const [fragment, ...others] = fragmentsIn(bytes);
  if (!fragment || others.length > 0) throw new Error(`${others.length} fragments more than one`);
  if (track.timescale !== plan.sampleRateHz) throw new Error(`timescale ${track.timescale}, not ${plan.sampleRateHz}`);
  const { decodeTicks, samples } = readFragment(fragment.moof);
  const startTicks = plan.delayTicks + first * AAC_FRAME_SAMPLES;
  if (decodeTicks !== startTicks) throw new Error(`starts at tick ${decodeTicks}, not at ${startTicks}`);
  if (samples.length !== end - first) throw new Error(`${samples.length} AAC frames, not ${end - first}`);
  const durationTicks = Math.min(end * AAC_FRAME_SAMPLES, plan.samples) - first * AAC_FRAME_SAMPLES;
  const lasts = samples.reduce((sum, sample) => sum + sample.durationTicks, 0);
  if (lasts !== durationTicks) throw new Error(`lasts ${lasts} ticks, not ${durationTicks}`);
  const sizeBytes = samples.reduce((sum, sample) => sum + sample.sizeBytes, MDAT_HEADER_BYTES);
  if (sizeBytes !== fragment.mdat.length) throw new Error('mdat holds something else than its AAC frames');
  return durationTicks;
}

/** Every `moof` with its `mdat`; behind the `styp`, a segment of ours holds nothing else. */
function fragmentsIn(bytes: Buffer): FragmentBoxes[] {
  const [type, ...boxes] = [...boxesIn(bytes)];
  if (type?.type !== 'styp') throw new Error('does not begin as a segment does');
  if (boxes.some((box, i) => box.type !== (i % 2 === 0 ? 'moof' : 'mdat')) || boxes.length % 2 !== 0) {
    throw new Error(`holds ${boxes.map((box) => box.type).join(', ')}`);
  }
  const cut = boxes.map(({ start, end }) => bytes.subarray(start, end));
  return cut.flatMap((moof, i) => (i % 2 === 0 ? [{ moof, mdat: cut[i + 1] ?? moof }] : []));
}

/** As the encoder wrote it, before it was shown later by the grid's delay. */
const undelayed = ({ decodeTicks, samples }: Fragment, { delayTicks }: VideoGrid): Fragment => ({
  decodeTicks,
  samples: samples.map((sample) => ({ ...sample, offsetTicks: sample.offsetTicks - delayTicks })),
});

/** Length-prefixed NAL units of H.264; the type stands in the low five bits (ITU-T H.264, table 7-1). */
const NAL_LENGTH_BYTES = 4;
const IDR = 5;
const LAST_SLICE_TYPE = 5;

/** The first slice decides; what stands before it are parameters and messages. */
function startsWithIdr({ samples }: Fragment, mdat: Buffer): boolean {
  const end = MDAT_HEADER_BYTES + (samples[0]?.sizeBytes ?? 0);
  for (let at = MDAT_HEADER_BYTES; at + NAL_LENGTH_BYTES < end; at += NAL_LENGTH_BYTES + mdat.readUInt32BE(at)) {
    const type = mdat.readUInt8(at + NAL_LENGTH_BYTES) & 0x1f;
    if (type >= 1 && type <= LAST_SLICE_TYPE) return type === IDR;
  }
  return false;
}
