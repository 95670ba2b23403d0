import { AAC_FRAME_SAMPLES, audioBoundaries } from '../../src/domain/audio-plan.ts';
import { framesOfSegment } from '../../src/domain/cut-plan.ts';
import type { AudioPlan, VideoGrid } from '../../src/domain/tasks.ts';
import { makeBox, makeFullBox, uint32 } from '../../src/lib/mp4/box.ts';
import { makeMoof, segmentType } from '../../src/lib/mp4/fragment.ts';
import { keyframesIn } from '../../src/lib/mp4/keyframes.ts';
import { readTrack } from '../../src/lib/mp4/track.ts';
import type { InitPiece, SegmentPiece } from '../../src/transcode/media-pieces.ts';

/**
 * Segments of a few bytes a frame, made in no time: boxes, times, counts and sizes are as planned, so that everything
 * but a decoder takes them for real ones.
 */
export const tinyVideoInit = (timescale: number): InitPiece => initOf(timescale, avc1());
export const tinyAudioInit = (timescale: number): InitPiece => initOf(timescale, mp4a());

export function tinyVideoSegment(segment: number, grid: VideoGrid): SegmentPiece {
  const firstFrame = segment * grid.segmentFrames;
  const frames = framesOfSegment(grid, segment);
  const gops: Buffer[] = [];
  for (let at = 0; at < frames; at += grid.gopFrames) {
    const count = Math.min(grid.gopFrames, frames - at);
    const decodeTicks = (firstFrame + at) * grid.ticksPerFrame;
    const pictures = Array.from({ length: count }, (_, i) => nal(i === 0 ? IDR_SLICE : SLICE));
    const samples = pictures.map((bytes, i) => ({
      durationTicks: grid.ticksPerFrame,
      sizeBytes: bytes.byteLength,
      isSync: i === 0,
      offsetTicks: grid.delayTicks,
    }));
    const sequence = (firstFrame + at) / grid.gopFrames + 1;
    gops.push(makeMoof({ sequence, decodeTicks, samples }), makeBox('mdat', ...pictures));
  }
  const piece = pieceOf(segment, frames * grid.ticksPerFrame, gops);
  return { ...piece, keyframes: keyframesIn(piece.bytes) };
}

export function tinyAudioSegment(segment: number, plan: AudioPlan): SegmentPiece {
  const [first = 0, end = 0] = audioBoundaries(plan).slice(segment, segment + 2);
  const sounds = Array.from({ length: end - first }, () => Buffer.from('hush'));
  const left = plan.samples - first * AAC_FRAME_SAMPLES;
  const samples = sounds.map((bytes, i) => ({
    durationTicks: Math.min(AAC_FRAME_SAMPLES, left - i * AAC_FRAME_SAMPLES),
    sizeBytes: bytes.byteLength,
    isSync: true,
    offsetTicks: 0,
  }));
  const decodeTicks = plan.delayTicks + first * AAC_FRAME_SAMPLES;
  const moof = makeMoof({ sequence: segment + 1, decodeTicks, samples });
  const durationTicks = samples.reduce((sum, sample) => sum + sample.durationTicks, 0);
  return pieceOf(segment, durationTicks, [moof, makeBox('mdat', ...sounds)]);
}

const pieceOf = (segment: number, durationTicks: number, boxes: readonly Buffer[]): SegmentPiece => ({
  kind: 'segment',
  segment,
  bytes: Buffer.concat([segmentType(), ...boxes]),
  durationTicks,
});

/** First bytes of NAL units of H.264. */
const IDR_SLICE = 0x65;
const SLICE = 0x41;
const nal = (type: number): Buffer => Buffer.from([0, 0, 0, 4, type, 1, 2, 3]);

function initOf(timescale: number, entry: Buffer): InitPiece {
  const mdhd = makeFullBox('mdhd', 0, 0, uint32(0, 0, timescale, 0, 0));
  const stsd = makeFullBox('stsd', 0, 0, uint32(1), entry);
  const tkhd = makeFullBox('tkhd', 0, 7, Buffer.alloc(80));
  const hdlr = makeFullBox('hdlr', 0, 0, Buffer.alloc(21));
  const mdia = makeBox('mdia', mdhd, hdlr, makeBox('minf', makeBox('stbl', stsd)));
  const moov = makeBox('moov', makeBox('trak', tkhd, mdia));
  const bytes = Buffer.concat([makeBox('ftyp', Buffer.from('iso6')), moov]);
  return { kind: 'init', bytes, track: readTrack(bytes) };
}

/** High profile, level 3.0. */
const avc1 = (): Buffer => makeBox('avc1', Buffer.alloc(78), makeBox('avcC', Buffer.from([1, 0x64, 0, 30])));

/** AAC-LC at 48 kHz in stereo, in three nested descriptors. */
function mp4a(): Buffer {
  const specific = [0x05, 2, 0x11, 0x90];
  const config = [0x04, 13 + specific.length, 0x40, ...new Array(12).fill(0), ...specific];
  const es = [0x03, 3 + config.length, 0, 0, 0, ...config];
  return makeBox('mp4a', Buffer.alloc(28), makeFullBox('esds', 0, 0, Buffer.from(es)));
}
