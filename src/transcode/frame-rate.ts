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
/** A phone that drops a frame now and then still means its nominal rate. */
const NOMINAL_RATE = 0.05;
/** A real rate such as 2997/100 has small terms; larger ones are an average of something that varies. */
const MAX_NUMERATOR = 120_000;

/**
 * The constant rate at which a track is encoded: its own where it has one, else the standard rate nearest to
 * its average. `base` is what ffprobe calls r_frame_rate, a guess at the finest regular rate.
 */
export function gridRate(base: FrameRate | undefined, average: FrameRate | undefined): FrameRate {
  const measured = average ?? base;
  if (!measured) return { numerator: 25, denominator: 1 };
  const standard = nearestStandard(fps(measured));
  if (isNear(standard, measured, SAME_RATE)) return standard;
  if (base && isNear(base, measured, SAME_RATE) && isUsable(measured)) return measured;
  const nominal = base && nearestStandard(fps(base));
  return base && nominal && isNear(base, nominal, SAME_RATE) && isNear(base, measured, NOMINAL_RATE)
    ? nominal
    : standard;
}

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
