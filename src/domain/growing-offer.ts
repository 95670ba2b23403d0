import { audioOffer, type Offer, videoOffer } from './offer.ts';
import { plannedTicks } from './segment-plan.ts';
import type { JobPlan, Rung, StoredRendition } from './tasks.ts';

/**
 * A player asks for an unfinished playlist again after one target duration. With a single segment it would then have
 * played all it has, and stand still.
 */
const MIN_SEGMENTS = 2;

/**
 * What of a job can be played while the rest is being made: the lowest rung, which is made first, with all sound.
 * Other rungs would be shorter for most of the time, and a player that switches to one would stop at its end.
 * Undefined while that is too little to begin with.
 */
export function growingOffer(generation: number, plan: JobPlan, stored: readonly StoredRendition[]): Offer | undefined {
  const audio = plan.audio.map((one) => ({ plan: one, begun: beginning(one.rendition, plan, stored) }));
  // Players fetch sound and picture in step: the picture may not be ahead of the sound.
  const limit = Math.min(...audio.map(({ begun }) => (begun.isWhole ? Infinity : begun.made.segments.length)));
  const lowest = lowestRung(plan.rungs);
  const video = (lowest ? [lowest] : []).map((rung) => ({
    rung,
    begun: upTo(limit, beginning(rung.rendition, plan, stored)),
  }));
  if ([...audio, ...video].some(({ begun }) => !begun.isEnough)) return undefined;
  return {
    generation,
    video: video.map(({ rung, begun }) => videoOffer(rung, plan, begun.made)),
    audio: audio.map((one) => audioOffer(one.plan, one.begun.made)),
    text: [],
  };
}

/** Names of the renditions that can be played before all is done. */
export const growingRenditions = (plan: JobPlan): string[] =>
  [lowestRung(plan.rungs) ?? [], plan.audio].flat().map(({ rendition }) => rendition);

/** The rung that is made first, so that something can be played soon. Undefined where there is only sound. */
export const lowestRung = (rungs: readonly Rung[]): Rung | undefined =>
  rungs.reduce<Rung | undefined>((low, rung) => (low && pixelsOf(low) <= pixelsOf(rung) ? low : rung), undefined);

const pixelsOf = ({ widthPx, heightPx }: Rung): number => widthPx * heightPx;

type Beginning = { readonly made: StoredRendition; readonly isEnough: boolean; readonly isWhole: boolean };

/** The segments from the first one on, without a gap, each as long as planned. */
function beginning(rendition: string, plan: JobPlan, stored: readonly StoredRendition[]): Beginning {
  const planned = plannedTicks(plan, rendition);
  const found = stored.find((one) => one.rendition === rendition) ?? { ...NOTHING, rendition };
  const inOrder = found.segments.toSorted((a, b) => a.segment - b.segment);
  const wrong = inOrder.findIndex(({ segment, durationTicks }, i) => segment !== i || durationTicks !== planned[i]);
  const segments = wrong < 0 ? inOrder : inOrder.slice(0, wrong);
  return {
    made: { ...found, segments },
    isEnough: segments.length >= Math.min(MIN_SEGMENTS, planned.length),
    isWhole: segments.length === planned.length,
  };
}

const NOTHING = { codec: '', timescale: 1, initSha256: '', initSizeBytes: 0, segments: [] };

function upTo(limit: number, { made, isEnough, isWhole }: Beginning): Beginning {
  if (made.segments.length <= limit) return { made, isEnough, isWhole };
  const segments = made.segments.slice(0, limit);
  return { made: { ...made, segments }, isEnough: segments.length >= MIN_SEGMENTS, isWhole: false };
}
