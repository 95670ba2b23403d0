import { DomainError } from '../domain/errors.ts';
import type { AudioTrackFacts, FrameRate, SourceFacts, VideoTrackFacts } from '../domain/tasks.ts';
import type { Description, StreamDescription } from './describe-source.ts';
import { gridRate, parseRate } from './frame-rate.ts';
import type { PacketTimes } from './read-packets.ts';

/** Times of the tracks near their start and near their end; of a short source the same. */
export type SourceTimes = {
  readonly head: ReadonlyMap<number, PacketTimes>;
  readonly tail: ReadonlyMap<number, PacketTimes>;
};

/** Joins what the file says about itself with what its packets say. @throws DomainError source_truncated */
export function factsOf(source: Description, times: SourceTimes): SourceFacts {
  const videoStream = source.streams.find(isMovingPicture);
  const video = videoStream && videoFacts(videoStream, { source, times });
  const audio = source.streams.filter(isSound).flatMap((stream) => audioFacts(stream, times) ?? []);
  const soundSeconds = audio[0]?.durationSeconds ?? 0;
  const durationSeconds = video
    ? (video.frames * video.frameRate.denominator) / video.frameRate.numerator
    : soundSeconds;
  assertAllThere(source, times);
  return { container: source.format.format_name, durationSeconds, ...(video ? { video } : {}), audio };
}

/** Cover art is a video stream too, of one picture. */
export const isMovingPicture = (stream: StreamDescription): boolean =>
  stream.codec_type === 'video' &&
  stream.disposition?.attached_pic !== 1 &&
  (stream.width ?? 0) > 0 &&
  (stream.height ?? 0) > 0;

const isSound = (stream: StreamDescription): boolean =>
  stream.codec_type === 'audio' && stream.codec_name !== undefined && Number(stream.sample_rate) > 0;

function videoFacts(stream: StreamDescription, found: { source: Description; times: SourceTimes }): VideoTrackFacts {
  const { head, tail } = timesOf(stream, found.times);
  const frameRate = gridRate(parseRate(stream.r_frame_rate), parseRate(stream.avg_frame_rate));
  const timeBase = timeBaseOf(stream);
  const startTicks = head?.startTicks ?? 0;
  const frameSeconds = frameRate.denominator / frameRate.numerator;
  const frameTicks = Math.round((frameSeconds * timeBase.denominator) / timeBase.numerator);
  const endTicks = tail ? endOf(tail, frameTicks) : startTicks;
  return {
    streamIndex: stream.index,
    codec: stream.codec_name ?? 'unknown',
    ...shownSize(stream),
    frameRate,
    frames: framesBetween(startTicks, endTicks, timeBase, frameRate),
    startSeconds: seconds(startTicks, timeBase).toFixed(9),
    interlaced: /^(tt|bb|tb|bt)$/.test(stream.field_order ?? ''),
    squarePixels: pixelAspect(stream) === 1,
    keyframeIntervalSeconds: seconds(keyframeDistance(head, endTicks), timeBase),
    seeksToKeyframe: hasIndex(found.source),
    ...(/^(smpte2084|arib-std-b67)$/.test(stream.color_transfer ?? '') ? { highDynamicRange: true } : {}),
  };
}

function audioFacts(stream: StreamDescription, times: SourceTimes): AudioTrackFacts | undefined {
  const { head, tail } = timesOf(stream, times);
  if (head?.startTicks === undefined || tail?.endTicks === undefined) return undefined;
  const timeBase = timeBaseOf(stream);
  const language = stream.tags?.language;
  return {
    streamIndex: stream.index,
    codec: stream.codec_name ?? 'unknown',
    channels: stream.channels ?? 2,
    sampleRateHz: Number(stream.sample_rate),
    ...(language === undefined ? {} : { language }),
    startSeconds: seconds(head.startTicks, timeBase).toFixed(9),
    durationSeconds: seconds(tail.endTicks - head.startTicks, timeBase),
  };
}

function timesOf({ index }: StreamDescription, { head, tail }: SourceTimes) {
  return { head: head.get(index), tail: tail.get(index) ?? head.get(index) };
}

/** A last packet without a duration lasts one frame. */
const endOf = ({ endTicks = 0, lastTicks }: PacketTimes, frameTicks: number): number =>
  endTicks > lastTicks ? endTicks : lastTicks + frameTicks;

/** Frames that ffmpeg's fps filter makes of this span; both ends are rounded to the grid, in whole numbers. */
function framesBetween(startTicks: number, endTicks: number, timeBase: FrameRate, rate: FrameRate): number {
  const over = BigInt(endTicks - startTicks) * BigInt(timeBase.numerator) * BigInt(rate.numerator);
  const under = BigInt(timeBase.denominator) * BigInt(rate.denominator);
  return Math.max(1, Number((2n * over + under) / (2n * under)));
}

/** Where no second keyframe was near the start, the next one is at least as far as we looked. */
const keyframeDistance = (head: PacketTimes | undefined, endTicks: number): number => {
  if (!head) return 0;
  const afterLast = (head.endTicks ?? endTicks) - (head.lastKeyframeTicks ?? head.startTicks ?? 0);
  return Math.max(head.keyframeTicks, afterLast);
};

/** Size on screen: pixels made square by stretching the width, then turned as a phone was held. */
function shownSize(stream: StreamDescription): { widthPx: number; heightPx: number } {
  const widthPx = Math.round((stream.width ?? 0) * pixelAspect(stream));
  const heightPx = stream.height ?? 0;
  const turned = Math.abs(rotationOf(stream)) % 180 === 90;
  return turned ? { widthPx: heightPx, heightPx: widthPx } : { widthPx, heightPx };
}

const rotationOf = (stream: StreamDescription): number =>
  Math.round(stream.side_data_list?.find((data) => data.rotation !== undefined)?.rotation ?? 0);

function pixelAspect(stream: StreamDescription): number {
  const [across = 0, down = 0] = (stream.sample_aspect_ratio ?? '').split(':').map(Number);
  return across > 0 && down > 0 ? across / down : 1;
}

const timeBaseOf = (stream: StreamDescription): FrameRate =>
  parseRate(stream.time_base) ?? { numerator: 1, denominator: 1 };

const seconds = (ticks: number, { numerator, denominator }: FrameRate): number => (ticks * numerator) / denominator;

const INDEXED = /^(mov|matroska)\b/;
const hasIndex = (source: Description): boolean => INDEXED.test(source.format.format_name);

/** Rounding and a track that ends a little early are no loss. */
const TOLERATED_SECONDS = 1;
const TOLERATED_SHARE = 0.02;

/** MP4 and Matroska say in their header how long they are: a shorter one lost its end on the way. */
function assertAllThere(source: Description, { tail }: SourceTimes): void {
  const announced = Number(source.format.duration);
  if (!hasIndex(source) || !(announced > 0)) return;
  const start = Number(source.format.start_time ?? 0);
  const ends = source.streams.map((stream) => seconds(tail.get(stream.index)?.endTicks ?? 0, timeBaseOf(stream)));
  const foundSeconds = Math.max(0, ...ends) - start;
  if (foundSeconds >= announced - Math.max(TOLERATED_SECONDS, announced * TOLERATED_SHARE)) return;
  const found = `${foundSeconds.toFixed(1)} of ${announced.toFixed(1)} s`;
  throw new DomainError('source_truncated', `The source announces more than it holds: ${found} were found.`);
}
