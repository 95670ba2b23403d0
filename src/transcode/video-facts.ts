import type { AudioTrackFacts, FrameRate, VideoTrackFacts } from '../domain/tasks.ts';
import type { Description, StreamDescription } from './describe-source.ts';
import { gridRate, parseRate } from './frame-rate.ts';
import type { PacketTimes } from './read-packets.ts';
import { jumpsOf, type SourceTimes, seconds, steadyTicks, timeBaseOf, timesOf } from './stream-times.ts';

type Found = { readonly source: Description; readonly times: SourceTimes; readonly audio: readonly AudioTrackFacts[] };

/** Facts of the picture, and how it lies in time beside the sound. */
export function videoFacts(stream: StreamDescription, found: Found): VideoTrackFacts {
  const { head, tail } = timesOf(stream, found.times);
  const timeBase = timeBaseOf(stream);
  const busiest = Math.max(head?.busiestPerSecond ?? 0, tail?.busiestPerSecond ?? 0);
  const frameRate = gridRate(parseRate(stream.r_frame_rate), parseRate(stream.avg_frame_rate), busiest);
  const picture = pictureTicks(found.times, stream, frameRate);
  const lateSeconds = seconds(head?.lateTicks ?? 0, timeBase);
  const { leadFrames, heldFrames } = soundAround(picture, { timeBase, frameRate, lateSeconds, audio: found.audio });
  const frames = framesBetween(picture, timeBase, frameRate);
  const leadSeconds = (leadFrames * frameRate.denominator) / frameRate.numerator;
  const startSeconds = seconds(picture.startTicks, timeBase) - leadSeconds;
  const jumps = jumpsOf(head?.spans ?? [], timeBase);
  return {
    streamIndex: stream.index,
    codec: stream.codec_name ?? 'unknown',
    ...shownSize(stream),
    frameRate,
    frames: leadFrames + frames + heldFrames,
    startSeconds: startSeconds.toFixed(9),
    ...(leadFrames > 0 ? { leadSeconds } : {}),
    ...(heldFrames > 0 ? { heldFrames } : {}),
    ...(lateSeconds > 0 ? { soundStartSeconds: (startSeconds - lateSeconds).toFixed(9) } : {}),
    ...(jumps.length > 0 ? { jumps } : {}),
    interlaced: /^(tt|bb|tb|bt)$/.test(stream.field_order ?? ''),
    squarePixels: pixelAspect(stream) === 1,
    keyframeIntervalSeconds: seconds(keyframeDistance(head, picture.endTicks), timeBase),
    seeksToKeyframe: hasIndex(found.source),
    ...colours(stream),
  };
}

const HIGH_RANGE = /^(smpte2084|arib-std-b67)$/;
const WITH_ALPHA = /^(yuva|gbrap|rgba|bgra|argb|abgr|ya8|ya16|pal8)/;
const RGB = /^(gbr|rgb|bgr|argb|abgr|0rgb|0bgr|pal8)/;

function colours(stream: StreamDescription): Pick<VideoTrackFacts, 'highDynamicRange' | 'wideGamut' | 'rgb' | 'alpha'> {
  const pixels = stream.pix_fmt ?? '';
  const isHigh = HIGH_RANGE.test(stream.color_transfer ?? '');
  const isWide = stream.color_primaries === 'bt2020' || /^bt2020/.test(stream.color_space ?? '');
  return {
    ...(isHigh ? { highDynamicRange: true } : {}),
    ...(isWide && !isHigh ? { wideGamut: true } : {}),
    ...(RGB.test(pixels) ? { rgb: true } : {}),
    ...(WITH_ALPHA.test(pixels) ? { alpha: true } : {}),
  };
}

type Stretch = { readonly startTicks: number; readonly endTicks: number };

function pictureTicks(times: SourceTimes, stream: StreamDescription, frameRate: FrameRate): Stretch {
  const { head, tail } = timesOf(stream, times);
  const timeBase = timeBaseOf(stream);
  const startTicks = head?.startTicks ?? 0;
  const frameTicks = Math.round(
    (frameRate.denominator * timeBase.denominator) / (frameRate.numerator * timeBase.numerator),
  );
  const spans = head?.spans ?? [];
  if (spans.length > 1) return { startTicks: spans[0]?.startTicks ?? 0, endTicks: startOf(spans) + steadyTicks(spans) };
  return { startTicks, endTicks: tail ? endOf(tail, frameTicks) : startTicks };
}

const startOf = (spans: readonly Stretch[]): number => spans[0]?.startTicks ?? 0;

/** A last packet without a duration, or hardly any, lasts one frame: else nobody would see it. */
const endOf = ({ endTicks = 0, lastTicks }: PacketTimes, frameTicks: number): number =>
  2 * (endTicks - lastTicks) < frameTicks ? lastTicks + frameTicks : endTicks;

/** Sound this much before the first picture or after the last one is not cut off: that picture is held instead. */
const CUT_SECONDS = 0.25;

type Sounds = {
  readonly timeBase: FrameRate;
  readonly frameRate: FrameRate;
  readonly lateSeconds: number;
  readonly audio: readonly AudioTrackFacts[];
};

/** What is lost in sums of decimal seconds, in frames. */
const ROUNDING = 0.001;

/** In whole frames, so that every picture stays on the grid. */
function soundAround(picture: Stretch, { timeBase, frameRate, lateSeconds, audio }: Sounds) {
  const start = seconds(picture.startTicks, timeBase) - lateSeconds;
  const end = seconds(picture.endTicks, timeBase) - lateSeconds;
  const starts = audio.map(({ startSeconds }) => Number(startSeconds));
  const ends = audio.map(({ startSeconds, durationSeconds }) => Number(startSeconds) + durationSeconds);
  const frames = (span: number): number =>
    span > CUT_SECONDS ? Math.floor((span * frameRate.numerator) / frameRate.denominator + ROUNDING) : 0;
  return { leadFrames: frames(start - Math.min(start, ...starts)), heldFrames: frames(Math.max(end, ...ends) - end) };
}

/** Frames that ffmpeg's fps filter makes of this span; both ends are rounded to the grid, in whole numbers. */
function framesBetween({ startTicks, endTicks }: Stretch, timeBase: FrameRate, rate: FrameRate): number {
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

const INDEXED = /^(mov|matroska)\b/;
export const hasIndex = (source: Description): boolean => INDEXED.test(source.format.format_name);
