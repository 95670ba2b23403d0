import type { Chunk, VideoGrid } from '../domain/tasks.ts';
import { readBoxes } from '../lib/mp4/box-stream.ts';
import { type Fragment, MDAT_HEADER_BYTES, makeMoof, readFragment, segmentType } from '../lib/mp4/fragment.ts';
import { keyframesIn } from '../lib/mp4/keyframes.ts';
import { type FragmentBoxes, type MediaPiece, pairBoxes } from './media-pieces.ts';
import { ToolError } from './task-error.ts';

/** Frames that are not where the grid has them: the seek missed, or the source has less than it announces. */
export class WrongFrames extends Error {
  /** Frames of the chunk that stood in their places before the first wrong one. */
  readonly goodFrames: number;
  constructor(goodFrames: number, message: string) {
    super(message);
    this.name = 'WrongFrames';
    this.goodFrames = goodFrames;
  }
}

/**
 * Cuts what ffmpeg writes for one rung of a chunk (one fragment per GOP) into segments, and lets pass only what
 * is exactly as planned: frames, their times, a keyframe at the start. Ends only when the chunk is complete.
 * @throws WrongFrames; ToolError ffmpeg_output
 */
export async function* videoSegments(
  output: AsyncIterable<Uint8Array>,
  { grid, chunk }: { readonly grid: VideoGrid; readonly chunk: Chunk },
): AsyncGenerator<MediaPiece> {
  const endFrame = chunk.firstFrame + chunk.frames;
  let frame = chunk.firstFrame;
  let open: Buffer[] = [];
  for await (const piece of pairBoxes(readBoxes(output))) {
    if ('kind' in piece) {
      assertTimescale(piece.track.timescale, grid);
      yield piece;
      continue;
    }
    const frames = Math.min(grid.gopFrames, endFrame - frame);
    const gop = readGop(piece, { grid, frame, frames, goodFrames: frame - chunk.firstFrame });
    open.push(makeMoof({ ...delayed(gop, grid), sequence: frame / grid.gopFrames + 1 }), piece.mdat);
    frame += frames;
    if (frame % grid.segmentFrames !== 0 && frame !== endFrame) continue;
    const segment = Math.ceil(frame / grid.segmentFrames) - 1;
    const durationTicks = (frame - segment * grid.segmentFrames) * grid.ticksPerFrame;
    const bytes = Buffer.concat([segmentType(), ...open]);
    yield { kind: 'segment', segment, bytes, durationTicks, keyframes: keyframesIn(bytes) };
    open = [];
  }
  if (frame !== endFrame) throw new WrongFrames(frame - chunk.firstFrame, 'the frames end too early');
}

export type ExpectedGop = {
  readonly grid: VideoGrid;
  /** Where on the grid it starts. */
  readonly frame: number;
  readonly frames: number;
  /** Frames before it that were right. */
  readonly goodFrames: number;
};

function readGop({ moof, mdat }: FragmentBoxes, expected: ExpectedGop): Fragment {
  const fragment = readFragment(moof);
  assertGop(fragment, mdat, expected);
  return fragment;
}

/** @throws WrongFrames; ToolError ffmpeg_output */
export function assertGop(fragment: Fragment, mdat: Buffer, { grid, frame, frames, goodFrames }: ExpectedGop): void {
  const startsAt = frame * grid.ticksPerFrame;
  if (frames === 0) throw new WrongFrames(goodFrames, 'frames follow after the last one');
  if (fragment.decodeTicks !== startsAt) {
    throw new WrongFrames(goodFrames, `a GOP starts at tick ${fragment.decodeTicks}, not at ${startsAt}`);
  }
  if (fragment.samples.length !== frames) {
    throw new WrongFrames(goodFrames, `a GOP has ${fragment.samples.length} frames, not ${frames}`);
  }
  assertSamples(fragment, mdat, grid);
}

/**
 * Every frame is shown later by the grid's delay. Without it, frames that are decoded ahead would be shown before they
 * are decoded (negative offsets): the standard allows that, but ffmpeg and players made of it then show the
 * picture that much too late against the sound.
 */
const delayed = ({ decodeTicks, samples }: Fragment, { delayTicks }: VideoGrid): Fragment => ({
  decodeTicks,
  samples: samples.map((sample) => ({ ...sample, offsetTicks: sample.offsetTicks + delayTicks })),
});

function assertSamples({ samples }: Fragment, mdat: Buffer, grid: VideoGrid): void {
  const [first, ...others] = samples;
  const sizeBytes = samples.reduce((sum, sample) => sum + sample.sizeBytes, 0);
  if (!first?.isSync) throw new ToolError('ffmpeg_output', 'a GOP does not start with a keyframe');
  if (first.offsetTicks !== 0) throw new ToolError('ffmpeg_output', 'a keyframe is not shown when it is decoded');
  if (samples.some((sample) => sample.durationTicks !== grid.ticksPerFrame)) {
    throw new ToolError('ffmpeg_output', 'a frame does not last as long as the others');
  }
  if (others.some((sample) => sample.isSync)) throw new ToolError('ffmpeg_output', 'a GOP holds two keyframes');
  if (samples.some((sample) => sample.offsetTicks < -grid.delayTicks)) {
    throw new ToolError('ffmpeg_output', 'a frame is decoded further ahead than planned');
  }
  if (sizeBytes !== mdat.length - MDAT_HEADER_BYTES) {
    throw new ToolError('ffmpeg_output', `samples of ${sizeBytes} bytes in ${mdat.length} bytes of mdat`);
  }
}

function assertTimescale(timescale: number, grid: VideoGrid): void {
  if (timescale !== grid.timescale) throw new ToolError('ffmpeg_output', `timescale ${timescale}`);
}
