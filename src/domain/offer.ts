import { type Bandwidth, measureBandwidth } from './bandwidth.ts';
import { plannedTicks } from './segment-plan.ts';
import {
  type AudioPlan,
  type FrameRate,
  type JobPlan,
  type Rung,
  type StoredRendition,
  type StoredSegment,
  VIDEO_CODECS,
} from './tasks.ts';

/** Everything that players are told of one generation of a video: the input of playlists and manifest. */
export type Offer = {
  readonly generation: number;
  readonly video: readonly VideoOffer[];
  readonly audio: readonly AudioOffer[];
  readonly text: readonly TextOffer[];
};
export type VideoOffer = {
  readonly rung: Rung;
  readonly frameRate: FrameRate;
  readonly made: StoredRendition;
  readonly bandwidth: Bandwidth;
  /** Presentation of the first frame. */
  readonly delayTicks: number;
  /** From one keyframe to the next. */
  readonly gopTicks: number;
};
export type AudioOffer = { readonly plan: AudioPlan; readonly made: StoredRendition; readonly bandwidth: Bandwidth };

export type TextOffer = {
  /** BCP 47. */
  readonly language: string;
  readonly label: string;
  /** Of its playlist and its file, without the ending; changes with the text. */
  readonly name: string;
};

/** Why a job's results cannot be published: something is missing or does not fit together. */
export class IncompleteError extends Error {
  override readonly name = 'IncompleteError';
}

/**
 * Puts together what the tasks of a job stored, H.264 first and lowest rate first, and holds it against the plan: every segment
 * there, once, contiguous, of one init, and exactly as long as planned.
 * @throws IncompleteError
 */
export function offerOf(generation: number, plan: JobPlan, results: readonly StoredRendition[]): Offer {
  const video = plan.rungs.map((rung) => videoOffer(rung, plan, join(rung.rendition, plan, results)));
  const audio = plan.audio.map((audioPlan) => audioOffer(audioPlan, join(audioPlan.rendition, plan, results)));
  video.sort((a, b) => codecRank(a) - codecRank(b) || a.bandwidth.peakBps - b.bandwidth.peakBps);
  return { generation, video, audio, text: [] };
}

/** Where a player begins with the first variant, it begins with one that it can decode. */
const codecRank = ({ rung }: VideoOffer): number => VIDEO_CODECS.indexOf(rung.codec ?? 'h264');

export function videoOffer(rung: Rung, { grid }: JobPlan, made: StoredRendition): VideoOffer {
  if (!grid) throw new IncompleteError(`${rung.rendition} has no frame grid`);
  const { frameRate, delayTicks } = grid;
  const gopTicks = grid.gopFrames * grid.ticksPerFrame;
  return { rung, frameRate, delayTicks, gopTicks, made, bandwidth: measureBandwidth(made) };
}

export const audioOffer = (plan: AudioPlan, made: StoredRendition): AudioOffer => ({
  plan,
  made,
  bandwidth: measureBandwidth(made),
});

function join(rendition: string, plan: JobPlan, results: readonly StoredRendition[]): StoredRendition {
  const pieces = results.filter((result) => result.rendition === rendition && result.segments.length > 0);
  const [first] = pieces;
  if (!first) throw new IncompleteError(`${rendition} has no segments`);
  for (const piece of pieces) {
    const isSame = piece.initSha256 === first.initSha256 && piece.timescale === first.timescale;
    if (!isSame) throw new IncompleteError(`${rendition} was made with two different init segments`);
  }
  const segments = pieces.flatMap((piece) => piece.segments).sort((a, b) => a.segment - b.segment);
  assertAsPlanned(rendition, segments, plannedTicks(plan, rendition));
  return { ...first, segments };
}

function assertAsPlanned(rendition: string, segments: readonly StoredSegment[], planned: readonly number[]): void {
  segments.forEach(({ segment, durationTicks }, i) => {
    if (segment !== i) throw new IncompleteError(`${rendition} lacks segment ${i}, or has it twice`);
    const ticks = planned[i] ?? 0;
    if (durationTicks !== ticks)
      throw new IncompleteError(`${rendition} segment ${i} is ${durationTicks} ticks long, planned were ${ticks}`);
  });
  if (segments.length !== planned.length)
    throw new IncompleteError(`${rendition} has ${segments.length} segments, planned were ${planned.length}`);
}
