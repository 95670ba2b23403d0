import { AAC_FRAME_SAMPLES, aacFrameCount, audioBoundaries } from '../domain/audio-plan.ts';
import { DomainError } from '../domain/errors.ts';
import type { AudioPlan } from '../domain/tasks.ts';
import { makeBox } from '../lib/mp4/box.ts';
import { readBoxes } from '../lib/mp4/box-stream.ts';
import { MDAT_HEADER_BYTES, makeMoof, readFragment, segmentType } from '../lib/mp4/fragment.ts';
import { type FragmentBoxes, type MediaPiece, pairBoxes } from './media-pieces.ts';
import { ToolError } from './task-error.ts';

/** AAC encoders put one frame of silence before the first sample. Left out, sound and picture are in step. */
const PRIMING_FRAMES = 1;

/**
 * Regroups the AAC frames that ffmpeg writes into segments at the boundaries of the plan. Frame n plays at
 * sample n × 1024 after the delay that the video has, without an edit list; the last one is as short as it takes to end with the video.
 * @throws DomainError source_unsupported; ToolError ffmpeg_output
 */
export async function* audioSegments(output: AsyncIterable<Uint8Array>, plan: AudioPlan): AsyncGenerator<MediaPiece> {
  const boundaries = audioBoundaries(plan);
  let open: Buffer[] = [];
  let frame = -PRIMING_FRAMES;
  let segment = 0;
  for await (const piece of pairBoxes(readBoxes(output))) {
    if ('kind' in piece) {
      if (piece.track.timescale !== plan.sampleRateHz) wrong(`timescale ${piece.track.timescale}`);
      yield piece;
      continue;
    }
    for (const bytes of framesOf(piece)) {
      if (frame >= 0) open.push(bytes);
      frame += 1;
      if (frame !== boundaries[segment + 1]) continue;
      yield segmentOf(open, { plan, segment, firstFrame: frame - open.length });
      segment += 1;
      open = [];
    }
  }
  if (frame > aacFrameCount(plan)) throw changing();
  if (frame !== aacFrameCount(plan)) wrong(`${frame} AAC frames instead of ${aacFrameCount(plan)}`);
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
