import { type AudioChunk, type AudioSpan, audioSpan } from '../domain/audio-chunks.ts';
import { AAC_FRAME_SAMPLES, audioBoundaries } from '../domain/audio-plan.ts';
import { DomainError } from '../domain/errors.ts';
import type { AudioPlan } from '../domain/tasks.ts';
import { makeBox } from '../lib/mp4/box.ts';
import { readBoxes } from '../lib/mp4/box-stream.ts';
import { MDAT_HEADER_BYTES, makeMoof, readFragment, segmentType } from '../lib/mp4/fragment.ts';
import { type FragmentBoxes, type MediaPiece, pairBoxes } from './media-pieces.ts';
import { ToolError } from './task-error.ts';

/** AAC encoders put one frame of silence before the first sample. Left out, sound and picture are in step. */
const PRIMING_FRAMES = 1;

/** What comes out of one run of ffmpeg. */
export type AudioOutput = {
  readonly plan: AudioPlan;
  /** What of it is wanted. */
  readonly chunk: AudioChunk;
  /** What was encoded: frames before and after the chunk, too. */
  readonly span: AudioSpan;
  /** Whether decoding began somewhere before the span, where a seek led to. */
  readonly wasSought: boolean;
};

/** A seek has led to a place behind the one that was wanted. */
export class MissedStart extends Error {
  override readonly name = 'MissedStart';
}

/**
 * Regroups the AAC frames that ffmpeg writes into segments at the boundaries of the plan. Frame n plays at
 * sample n × 1024 after the delay that the video has, without an edit list; the last one is as short as it takes to end with the video.
 * @throws MissedStart; DomainError source_unsupported; ToolError ffmpeg_output
 */
export async function* audioSegments(
  output: AsyncIterable<Uint8Array>,
  { plan, chunk, span, wasSought }: AudioOutput,
): AsyncGenerator<MediaPiece> {
  const boundaries = audioBoundaries(plan);
  const { firstFrame, endFrame } = audioSpan(plan, chunk);
  let open: Buffer[] = [];
  let frame = span.firstFrame - PRIMING_FRAMES;
  let segment = chunk.firstSegment;
  for await (const piece of pairBoxes(readBoxes(output))) {
    if ('kind' in piece) {
      if (piece.track.timescale !== plan.sampleRateHz) wrong(`timescale ${piece.track.timescale}`);
      yield piece;
      continue;
    }
    if (wasSought && frame < span.firstFrame) assertFound(piece, frame);
    for (const bytes of framesOf(piece)) {
      if (frame >= firstFrame && frame < endFrame) open.push(bytes);
      frame += 1;
      if (open.length === 0 || frame !== boundaries[segment + 1]) continue;
      yield segmentOf(open, { plan, segment, firstFrame: frame - open.length });
      segment += 1;
      open = [];
    }
  }
  if (frame > span.endFrame) throw changing();
  if (frame !== span.endFrame) wrong(`AAC frames to ${frame} instead of ${span.endFrame}`);
}

/** The first fragment says when the sound begins that was found: too late, or at 0 where there was none at all. */
function assertFound({ moof }: FragmentBoxes, frame: number): void {
  const { decodeTicks } = readFragment(moof);
  const wanted = frame * AAC_FRAME_SAMPLES;
  if (decodeTicks !== wanted) throw new MissedStart(`sound begins at ${decodeTicks} and not at ${wanted}`);
}

/** ffmpeg (5.1) begins its filters anew where the form of the sound changes, and then makes the whole length again. */
const changing = (): DomainError =>
  new DomainError('source_unsupported', 'The channels or the sample rate of an audio track change on the way.');

function* framesOf({ moof, mdat }: FragmentBoxes): Generator<Buffer> {
  let at = MDAT_HEADER_BYTES;
  for (const { sizeBytes } of readFragment(moof).samples) {
    if (at + sizeBytes > mdat.length) wrong('an AAC frame lies outside its mdat');
    yield mdat.subarray(at, at + sizeBytes);
    at += sizeBytes;
  }
  if (at !== mdat.length) wrong('mdat holds more than its AAC frames');
}

type SegmentOf = { readonly plan: AudioPlan; readonly segment: number; readonly firstFrame: number };

function segmentOf(frames: readonly Buffer[], { plan, segment, firstFrame }: SegmentOf): MediaPiece {
  const startSample = firstFrame * AAC_FRAME_SAMPLES;
  const samplesLeft = plan.samples - startSample;
  const samples = frames.map((bytes, i) => ({
    durationTicks: Math.min(AAC_FRAME_SAMPLES, samplesLeft - i * AAC_FRAME_SAMPLES),
    sizeBytes: bytes.byteLength,
    isSync: true,
    offsetTicks: 0,
  }));
  const moof = makeMoof({ sequence: segment + 1, decodeTicks: plan.delayTicks + startSample, samples });
  return {
    kind: 'segment',
    segment,
    bytes: Buffer.concat([segmentType(), moof, makeBox('mdat', ...frames)]),
    durationTicks: Math.min(frames.length * AAC_FRAME_SAMPLES, samplesLeft),
  };
}

function wrong(message: string): never {
  throw new ToolError('ffmpeg_output', message);
}
