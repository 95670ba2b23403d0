import type { FrameRate, Rung, VideoCodec } from './tasks.ts';

/**
 * Heights are of the shorter side, so that a portrait video gets the same rungs as a landscape one. Rates are
 * caps for constant quality at up to 30 frames per second.
 */
const STANDARD = [
  { shortPx: 1080, maxrateBps: 5_000_000 },
  { shortPx: 720, maxrateBps: 2_800_000 },
  { shortPx: 480, maxrateBps: 1_400_000 },
  { shortPx: 360, maxrateBps: 800_000 },
  { shortPx: 240, maxrateBps: 400_000 },
] as const;

export const CRF = 23;
/** A source this much above the next rung is worth a rung of its own size. */
const CLEARLY_ABOVE = 1.1;
/** Twice the frames do not cost twice the bits: neighbours resemble each other more. */
const HIGH_RATE_FACTOR = 1.5;
const HIGH_RATE_FPS = 30;

type Shown = { readonly widthPx: number; readonly heightPx: number; readonly frameRate: FrameRate };

/**
 * The rungs for a video of the given shown size, best first. Nothing is ever scaled up.
 * @param wanted shorter sides, in place of the standard ones
 */
export function ladderOf({ widthPx, heightPx, frameRate }: Shown, wanted?: readonly number[]): Rung[] {
  const shortPx = Math.min(widthPx, heightPx);
  const factor = frameRate.numerator > HIGH_RATE_FPS * frameRate.denominator ? HIGH_RATE_FACTOR : 1;
  return (wanted ? wantedSides(wanted, shortPx) : shortSides(shortPx)).map((short) => ({
    rendition: `v${short}`,
    ...scaledTo(short, { widthPx, heightPx }),
    maxrateBps: Math.round(maxrateAt(short) * factor),
    crf: CRF,
  }));
}

/** As asked for, as far as the source reaches; where all of it lies above, the source's own size. */
function wantedSides(wanted: readonly number[], sourceShortPx: number): number[] {
  const own = evenBelow(sourceShortPx);
  const within = [...new Set(wanted.map(evenBelow))].filter((short) => short <= own).sort((a, b) => b - a);
  return within.length > 0 ? within : [own];
}

function shortSides(sourceShortPx: number): number[] {
  const own = evenBelow(sourceShortPx);
  const standard: number[] = STANDARD.map((rung) => rung.shortPx).filter((short) => short <= own);
  const top = standard[0];
  if (top === undefined) return [own];
  if (top !== STANDARD[0].shortPx && own > top * CLEARLY_ABOVE) return [own, ...standard];
  return standard;
}

/** The size whose shorter side is as given, in the shape of what is shown; even, as 4:2:0 colour needs it. */
export function scaledTo(
  shortPx: number,
  shown: { widthPx: number; heightPx: number },
): Pick<Rung, 'widthPx' | 'heightPx'> {
  const ratio = Math.max(shown.widthPx, shown.heightPx) / Math.min(shown.widthPx, shown.heightPx);
  const longest = evenBelow(Math.max(shown.widthPx, shown.heightPx));
  const longPx = Math.min(2 * Math.round((shortPx * ratio) / 2), longest);
  if (shown.widthPx >= shown.heightPx) return { widthPx: longPx, heightPx: shortPx };
  return { widthPx: shortPx, heightPx: longPx };
}

/** Straight lines between the standard rungs, and from the lowest one down to nothing. */
function maxrateAt(shortPx: number): number {
  const above = STANDARD.findLast((rung) => rung.shortPx >= shortPx) ?? STANDARD[0];
  const below = STANDARD.find((rung) => rung.shortPx <= shortPx) ?? { shortPx: 0, maxrateBps: 0 };
  if (above.shortPx === below.shortPx) return above.maxrateBps;
  const share = (shortPx - below.shortPx) / (above.shortPx - below.shortPx);
  return Math.round(below.maxrateBps + share * (above.maxrateBps - below.maxrateBps));
}

/** 4:2:0 colour needs even sizes. */
const evenBelow = (px: number): number => px - (px % 2);

/**
 * The CRF, on each encoder's own scale, that gives the SSIM of x264 at 23, and the share of its rate that this takes:
 * measured on two camera clips of 480 lines (docs/processing.md).
 */
const NEWER = { hevc: { rate: 0.65, crf: 25 }, av1: { rate: 0.7, crf: 32 } } as const;

/** The same sizes in another codec, as renditions of their own beside those in H.264. */
export function codecLadder(rungs: readonly Rung[], codec: VideoCodec): Rung[] {
  if (codec === 'h264') return [...rungs];
  const { rate, crf } = NEWER[codec];
  return rungs.map((rung) => ({
    ...rung,
    rendition: `${rung.rendition}-${codec}`,
    maxrateBps: Math.round(rung.maxrateBps * rate),
    crf,
    codec,
  }));
}
