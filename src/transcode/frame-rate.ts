import type { FrameRate } from '../domain/tasks.ts';

/** What screens and cameras use, up to the highest that the ladder has a use for. */
const STANDARD: readonly FrameRate[] = [
  { numerator: 10, denominator: 1 },
  { numerator: 12, denominator: 1 },
  { numerator: 15, denominator: 1 },
  { numerator: 24_000, denominator: 1001 },
  { numerator: 24, denominator: 1 },
  { numerator: 25, denominator: 1 },
  { numerator: 30_000, denominator: 1001 },
  { numerator: 30, denominator: 1 },
  { numerator: 48, denominator: 1 },
  { numerator: 50, denominator: 1 },
  { numerator: 60_000, denominator: 1001 },
  { numerator: 60, denominator: 1 },
];

const MAX_FPS = 60;
/** Below this a GOP of 2 s is too few frames; pictures are repeated instead. */
const MIN_FPS = 5;
/** Less than half of what tells 29.97 from 30, more than timestamps in milliseconds are off. */
const SAME_RATE = 0.0004;
/** A real rate such as 2997/100 has small terms; larger ones are an average of something that varies. */
const MAX_NUMERATOR = 120_000;

/** The busiest second of a track may hold a frame more than its rate. */
const BUSIEST_SHARE = 0.95;
/** What varies may vary more where nobody looked. */
const MIN_VARYING_FPS = 30;

/**
 * The constant rate at which a track is encoded: its own where it has one. Where it varies, the finest regular rate
 * that all its times fit (what ffprobe calls r_frame_rate, here `base`), or else a standard rate that its busiest
 * second needs, so that no picture is lost up to 60 a second.
 */
export function gridRate(base: FrameRate | undefined, average: FrameRate | undefined, busiestFps = 0): FrameRate {
  const measured = average ?? base;
  if (!measured) return { numerator: 25, denominator: 1 };
  const standard = nearestStandard(fps(measured));
  if (isNear(standard, measured, SAME_RATE)) return standard;
  const isSame = base === undefined || isNear(base, measured, SAME_RATE);
  // What both say may still be one guess, from the first packets: then the busiest second has far fewer.
  if (isSame && (busiestFps === 0 || busiestFps > fps(measured) * BUSIEST_SHARE - 1)) return constant(measured);
  const nominal = nearestStandard(fps(base ?? measured));
  if (isNear(base ?? measured, nominal, SAME_RATE)) return nominal;
  return standardAbove(Math.max(MIN_VARYING_FPS, isSame ? 0 : fps(measured), busiestFps * BUSIEST_SHARE));
}

const constant = (rate: FrameRate): FrameRate => (fps(rate) > MAX_FPS ? reduced(rate) : kept(rate));

const kept = (rate: FrameRate): FrameRate => (isUsable(rate) ? rate : standardAbove(fps(rate)));

/** Every second or third picture is shown, rather than some of them for longer than others. */
function reduced(rate: FrameRate): FrameRate {
  const share = { numerator: rate.numerator, denominator: rate.denominator * Math.ceil(fps(rate) / MAX_FPS) };
  const standard = nearestStandard(fps(share));
  return isNear(standard, share, SAME_RATE) ? standard : kept(share);
}

const standardAbove = (wanted: number): FrameRate =>
  STANDARD.find((rate) => fps(rate) >= wanted) ?? { numerator: MAX_FPS, denominator: 1 };

const isUsable = (rate: FrameRate): boolean =>
  fps(rate) >= MIN_FPS && fps(rate) <= MAX_FPS && rate.numerator <= MAX_NUMERATOR;

/** Parses ffprobe's `30000/1001`; it writes `0/0` where it knows nothing. */
export function parseRate(text: string | undefined): FrameRate | undefined {
  const [numerator = 0, denominator = 0] = (text ?? '').split('/').map(Number);
  return numerator > 0 && denominator > 0 ? { numerator, denominator } : undefined;
}

export const fps = ({ numerator, denominator }: FrameRate): number => numerator / denominator;

const isNear = (a: FrameRate, b: FrameRate, within: number): boolean => Math.abs(fps(a) / fps(b) - 1) < within;

function nearestStandard(wanted: number): FrameRate {
  const distance = (rate: FrameRate): number => Math.abs(fps(rate) - wanted);
  return STANDARD.reduce((best, rate) => (distance(rate) < distance(best) ? rate : best));
}
