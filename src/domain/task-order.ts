import { secondsOf } from './cut-plan.ts';
import { lowestRung } from './growing-offer.ts';
import type { PlannedTask } from './job-records.ts';
import type { SourceRef } from './source.ts';
import type { JobPlan, Rung, VideoTrackFacts } from './tasks.ts';

/**
 * Where tasks stand in the one line of all videos, in seconds. What viewers need first is urgent: below zero, counted
 * from the moment of planning. Everything else advances with media time and is counted from where the line stands
 * (see LINE_LAG_SECONDS): videos that wait side by side get equal shares of media time, whatever their lengths.
 */
const DAY = 24 * 3600;

/** Nothing of a video can be planned before its probe. */
const PROBE_DUE = -3 * DAY;
/** The first seconds of the lowest rung, and the sound: with these it is playable. */
const FIRST_DUE = -2 * DAY;
/** The rest of the line moves this many seconds of media a second. It sets no speed, only proportions. */
const MEDIA_PER_DUE_SECOND = 4;

/**
 * Newcomers join the line at its head, at most this far behind the present. Without a bound they would pass one that
 * waits again and again; with it whoever waits comes first after a day, and before all urgent ones after three.
 */
export const LINE_LAG_SECONDS = DAY;

export const dueOfLowRung = (startSeconds: number): number =>
  startSeconds <= 0 ? FIRST_DUE : startSeconds / MEDIA_PER_DUE_SECOND;

/** After the whole low rung of the same video. */
export const dueOfRest = (startSeconds: number, durationSeconds: number): number =>
  (durationSeconds + startSeconds) / MEDIA_PER_DUE_SECOND;

export const probeTask = (source: SourceRef, generation: number): PlannedTask => ({
  spec: { kind: 'probe', source, generation },
  dueSeconds: PROBE_DUE,
  needs: { memoryMib: BASE_MIB, encoders: [] },
});

/** The tasks that carry out a plan; the last one, publish, waits for all the others. */
export function tasksOf(plan: JobPlan, source: SourceRef, generation: number): PlannedTask[] {
  const of = { source, generation };
  const audio = plan.audio.map((audioPlan): PlannedTask => {
    const needs = { memoryMib: BASE_MIB, encoders: ['aac'] };
    return { spec: { kind: 'audio', playsEarly: true, ...of, plan: audioPlan }, dueSeconds: FIRST_DUE, needs };
  });
  const publish = { spec: { kind: 'publish', ...of } as const, dueSeconds: 0, needs: { memoryMib: 0, encoders: [] } };
  return [...audio, ...encodeTasks(plan, of), publish];
}

/** Each chunk in its lowest rung first, then in all the others at once. */
function encodeTasks({ facts, grid, rungs, chunks }: JobPlan, of: { source: SourceRef; generation: number }) {
  const track = facts.video;
  const lowest = lowestRung(rungs);
  if (!track || !grid || !lowest) return [];
  const others = rungs.filter((rung) => rung !== lowest);
  const total = secondsOf(grid, grid.frames);
  return chunks.flatMap((chunk): PlannedTask[] => {
    const start = secondsOf(grid, chunk.firstFrame);
    const task = (made: readonly Rung[], dueSeconds: number): PlannedTask => {
      const needs = { memoryMib: encodeMib(track, made), encoders: ['libx264'] };
      return {
        spec: { kind: 'encode', playsEarly: made.includes(lowest), ...of, track, grid, rungs: made, chunk },
        dueSeconds,
        needs,
      };
    };
    const low = task([lowest], dueOfLowRung(start));
    return others.length === 0 ? [low] : [low, task(others, dueOfRest(start, total))];
  });
}

/** Programs and their buffers, without pictures. */
const BASE_MIB = 128;
/** 4:2:0 with 8 bits; sources with more are a margin's worth. */
const BYTES_PER_PIXEL = 1.5;
/** Pictures that a decoder with its threads and filters holds. */
const DECODED_PICTURES = 24;
/** x264's look-ahead, references and pictures under way. */
const ENCODED_PICTURES = 60;

/** A rough upper bound of what one run of ffmpeg needs. */
export function encodeMib(track: Pick<VideoTrackFacts, 'widthPx' | 'heightPx'>, rungs: readonly Rung[]): number {
  const encoded = rungs.reduce((sum, rung) => sum + pixelsOf(rung), 0);
  const bytes = BYTES_PER_PIXEL * (pixelsOf(track) * DECODED_PICTURES + encoded * ENCODED_PICTURES);
  return BASE_MIB + Math.ceil(bytes / 2 ** 20);
}

const pixelsOf = ({ widthPx, heightPx }: { widthPx: number; heightPx: number }): number => widthPx * heightPx;
