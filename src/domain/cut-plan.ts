import type { Chunk, FrameRate, VideoGrid } from './tasks.ts';

const GOP_SECONDS = 2;
const GOPS_PER_SEGMENT = 2;
/** A pyramid of B-frames needs two frames decoded ahead; the encoder is told to build no deeper one. */
const DECODED_AHEAD_FRAMES = 2;
/** Players compute with rounded times below this; MPEG-DASH wants a millisecond to be many ticks. */
const MIN_TIMESCALE = 10_000;
/** Longer chunks pay less for seams and seeking, but a lost one costs more and workers finish less evenly. */
const MAX_SEGMENTS_PER_CHUNK = 4;
/** Segments of the first chunks. Each is stored when it is made, and a player begins with two: growing-offer.ts. */
const FIRST_CHUNKS: readonly number[] = [2, 2];
/** Each chunk takes this share of what is left: long ones first, short ones at the end. */
const SHARE_OF_REST = 1 / 3;

/**
 * The time grid of a video. A segment is a whole number of frames, so "4 s" lasts 4.004 s at 29.97 frames per
 * second, and every boundary is exact in ticks of the timescale.
 */
export function gridOf(video: { readonly frameRate: FrameRate; readonly frames: number }): VideoGrid {
  const { numerator, denominator } = video.frameRate;
  const gopFrames = Math.max(1, Math.round((GOP_SECONDS * numerator) / denominator));
  const scale = numerator < MIN_TIMESCALE ? Math.ceil(MIN_TIMESCALE / numerator) : 1;
  return {
    frameRate: video.frameRate,
    frames: video.frames,
    gopFrames,
    segmentFrames: gopFrames * GOPS_PER_SEGMENT,
    timescale: numerator * scale,
    ticksPerFrame: denominator * scale,
    delayTicks: DECODED_AHEAD_FRAMES * denominator * scale,
  };
}

/** All of it as one task, where nothing can be sought. */
export const oneChunk = (grid: VideoGrid): Chunk[] => [
  { chunk: 0, firstSegment: 0, firstFrame: 0, frames: grid.frames },
];

/** Chunks that cover all frames of the grid in order, without gap or overlap. */
export function cutIntoChunks(grid: VideoGrid): Chunk[] {
  const segments = segmentCount(grid);
  const chunks: Chunk[] = [];
  for (let firstSegment = 0; firstSegment < segments; ) {
    const count = segmentsOfNextChunk(chunks.length, segments - firstSegment);
    const firstFrame = firstSegment * grid.segmentFrames;
    const frames = Math.min(count * grid.segmentFrames, grid.frames - firstFrame);
    chunks.push({ chunk: chunks.length, firstSegment, firstFrame, frames });
    firstSegment += count;
  }
  return chunks;
}

/**
 * The first chunks are short, so that the video can be played soon. They shrink again towards the end, so that workers
 * of unknown number and speed finish at nearly the same time.
 */
const segmentsOfNextChunk = (chunk: number, segmentsLeft: number): number =>
  Math.max(1, Math.min(FIRST_CHUNKS[chunk] ?? MAX_SEGMENTS_PER_CHUNK, Math.floor(segmentsLeft * SHARE_OF_REST)));

export const segmentCount = (grid: VideoGrid): number => Math.ceil(grid.frames / grid.segmentFrames);

/** Frames of one segment: all but the last are full. */
export const framesOfSegment = (grid: VideoGrid, segment: number): number =>
  Math.min(grid.segmentFrames, grid.frames - segment * grid.segmentFrames);

export const secondsOf = (grid: VideoGrid, frames: number): number =>
  (frames * grid.frameRate.denominator) / grid.frameRate.numerator;
