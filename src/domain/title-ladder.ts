import { CRF, scaledTo } from './ladder.ts';
import type { FrameRate, Rung, TrialResult } from './tasks.ts';

/**
 * Bits per second grow slower than pixels: neighbours resemble each other more in a larger picture. Two camera clips at
 * CRF 23 gave exponents of 0.87 to 0.94 between 180 and 480 lines; the caps of the standard ladder follow 0.83.
 */
const RATE_EXPONENT = 0.87;
/** Caps stay this close to those of the standard ladder, whatever the trial says. */
const LEAST_CAP = 0.5;
const LARGEST_CAP = 1.75;
/** Room above what the hardest sample took: the trial saw only a part of the video. */
const CAP_MARGIN = 1.3;
/** A rung that costs nearly as much as the next larger one helps nobody. */
const LEAST_STEP = 1.35;
/** Every link that plays video at all carries this much, so nothing is gained below a rung that takes no more. */
const EASY_BPS = 150_000;

type Capped = Pick<Rung, 'widthPx' | 'heightPx' | 'maxrateBps'>;

/**
 * Fits a standard ladder to one video: hard content gets higher caps, easy content lower ones and fewer rungs. The
 * largest and the smallest rung always stay.
 * @param rungs best first
 */
export function titleLadder<R extends Capped>(rungs: readonly R[], trial: TrialResult): R[] {
  if (trial.ratesBps.length === 0) return [...rungs];
  const capped = rungs.map((rung) => ({ ...rung, maxrateBps: capOf(rung, trial) }));
  return capped.filter((rung, i) => i === 0 || i === capped.length - 1 || isStep(rung, capped[i - 1], trial));
}

function capOf(rung: Capped, trial: TrialResult): number {
  const wanted = scaledRate(Math.max(...trial.ratesBps), rung, trial) * CAP_MARGIN;
  const standard = rung.maxrateBps;
  return Math.round(Math.min(Math.max(wanted, LEAST_CAP * standard), LARGEST_CAP * standard));
}

/** Compared with the rung above, kept or not, so that which ones go does not depend on the order of looking. */
function isStep(rung: Capped, above: Capped | undefined, trial: TrialResult): boolean {
  if (above === undefined) return true;
  const aboveBps = expectedRate(above, trial);
  return aboveBps > EASY_BPS && aboveBps >= LEAST_STEP * expectedRate(rung, trial);
}

function expectedRate(rung: Capped, trial: TrialResult): number {
  const mean = trial.ratesBps.reduce((sum, rate) => sum + rate, 0) / trial.ratesBps.length;
  return Math.min(scaledRate(mean, rung, trial), rung.maxrateBps);
}

const scaledRate = (rateBps: number, size: { widthPx: number; heightPx: number }, trial: TrialResult): number =>
  rateBps * ((size.widthPx * size.heightPx) / (trial.widthPx * trial.heightPx)) ** RATE_EXPONENT;

const TRIAL_SHORT_PX = 360;
/** Nothing is capped: what the content takes is what is asked. */
const NO_CAP_BPS = 100_000_000;

/** What samples are encoded as: the size is small, since what it takes grows with the pixels in a known way. */
export function trialRung(shown: { readonly widthPx: number; readonly heightPx: number }): Rung {
  const short = Math.min(TRIAL_SHORT_PX, shown.widthPx, shown.heightPx);
  return { rendition: 'trial', ...scaledTo(short - (short % 2), shown), maxrateBps: NO_CAP_BPS, crf: CRF };
}

const SAMPLES = 3;
/** Two seconds hold one GOP, whose keyframe counts for what it costs. */
const SAMPLE_SECONDS = 2;

/** Where samples are taken: spread evenly, never at the very start or end, where titles are. In frames. */
export function trialSamples(video: { readonly frames: number; readonly frameRate: FrameRate }): {
  readonly firstFrame: number;
  readonly frames: number;
}[] {
  const { numerator, denominator } = video.frameRate;
  const frames = Math.min(video.frames, Math.max(1, Math.round((SAMPLE_SECONDS * numerator) / denominator)));
  const room = video.frames - frames;
  const starts = Array.from({ length: SAMPLES }, (_, i) => Math.round((room * (2 * i + 1)) / (2 * SAMPLES)));
  return [...new Set(starts)].map((firstFrame) => ({ firstFrame, frames }));
}
