import { type Bandwidth, measureBandwidth } from './bandwidth.ts';
import type { AudioPlan, FrameRate, JobPlan, Rung, StoredRendition } from './tasks.ts';

/** Everything that players are told of one generation of a video: the input of playlists and manifest. */
export type Offer = {
  readonly generation: number;
  readonly video: readonly VideoOffer[];
  readonly audio: readonly AudioOffer[];
};
export type VideoOffer = {
  readonly rung: Rung;
  readonly frameRate: FrameRate;
  readonly made: StoredRendition;
  readonly bandwidth: Bandwidth;
  /** Presentation of the first frame. */
  readonly delayTicks: number;
};
export type AudioOffer = { readonly plan: AudioPlan; readonly made: StoredRendition; readonly bandwidth: Bandwidth };

/** Why a job's results cannot be published: something is missing or does not fit together. */
export class IncompleteError extends Error {
  override readonly name = 'IncompleteError';
}

/**
 * Puts together what the tasks of a job stored, lowest rate first, and holds it against the plan: every segment
 * there, contiguous, of one init, and as long in all as was planned.
 * @throws IncompleteError
 */
export function offerOf(generation: number, plan: JobPlan, results: readonly StoredRendition[]): Offer {
  const { grid } = plan;
  const video = plan.rungs.map((rung): VideoOffer => {
    if (!grid) throw new IncompleteError(`${rung.rendition} has no frame grid`);
    const made = join(rung.rendition, results, grid.frames * grid.ticksPerFrame);
    const { frameRate, delayTicks } = grid;
    return { rung, frameRate, delayTicks, made, bandwidth: measureBandwidth(made) };
  });
  const audio = plan.audio.map((audioPlan): AudioOffer => {
    const made = join(audioPlan.rendition, results, audioPlan.samples, AAC_FRAME_SAMPLES);
    return { plan: audioPlan, made, bandwidth: measureBandwidth(made) };
  });
  video.sort((a, b) => a.bandwidth.peakBps - b.bandwidth.peakBps);
  return { generation, video, audio };
}

/** Audio ends on a whole AAC frame, so its length may differ from the plan by less than one. */
const AAC_FRAME_SAMPLES = 1024;

function join(
  rendition: string,
  results: readonly StoredRendition[],
  plannedTicks: number,
  toleranceTicks = 0,
): StoredRendition {
  const pieces = results.filter((result) => result.rendition === rendition && result.segments.length > 0);
  const [first] = pieces;
  if (!first) throw new IncompleteError(`${rendition} has no segments`);
  for (const piece of pieces) {
    const isSame = piece.initSha256 === first.initSha256 && piece.timescale === first.timescale;
    if (!isSame) throw new IncompleteError(`${rendition} was made with two different init segments`);
  }
  const segments = pieces.flatMap((piece) => piece.segments).sort((a, b) => a.segment - b.segment);
  segments.forEach(({ segment }, i) => {
    if (segment !== i) throw new IncompleteError(`${rendition} lacks segment ${i}, or has it twice`);
  });
  const ticks = segments.reduce((sum, segment) => sum + segment.durationTicks, 0);
  if (Math.abs(ticks - plannedTicks) > toleranceTicks)
    throw new IncompleteError(`${rendition} is ${ticks} ticks long, planned were ${plannedTicks}`);
  return { ...first, segments };
}
