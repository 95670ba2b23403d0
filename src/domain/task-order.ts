import { type AudioChunk, audioChunks } from './audio-chunks.ts';
import { secondsOf } from './cut-plan.ts';
import { lowestRung } from './growing-offer.ts';
import type { PlannedTask } from './job-records.ts';
import type { SourceRef } from './source.ts';
import type { AudioPlan, JobPlan, Rung, TaskNeeds, VideoCodec, VideoTrackFacts } from './tasks.ts';
import { trialRung } from './title-ladder.ts';
import { AUDIO_CHUNKS } from './worker-contract.ts';

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
 * waits again and again; with it a task comes first once its place lies a day back, and before all urgent ones once it
 * lies three days back. No place is more than a day ahead, that of the last codec at the end of a video of a day.
 */
export const LINE_LAG_SECONDS = DAY;

/** What is urgent stands at least this far before the rest of its video, however far behind the present that joined. */
export const URGENT_LEAD_SECONDS = DAY / 2;

/** Two segments: with less a player does not begin (growing-offer.ts). In order, and all of it before anything else. */
const FIRST_SECONDS = 8;

export const dueOfLowRung = (startSeconds: number): number =>
  startSeconds < FIRST_SECONDS ? FIRST_DUE + startSeconds / DAY : startSeconds / MEDIA_PER_DUE_SECOND;

/** After the whole low rung of the same video. */
export const dueOfRest = (startSeconds: number, durationSeconds: number): number =>
  (durationSeconds + startSeconds) / MEDIA_PER_DUE_SECOND;

export const probeTask = (source: SourceRef, generation: number): PlannedTask => ({
  spec: { kind: 'probe', source, generation },
  dueSeconds: PROBE_DUE,
  needs: needing(BASE_MIB),
});

/**
 * The tasks that carry out a plan; the last one, publish, waits for all the others. With a trial before it, all but the
 * lowest rung waits for {@link tasksAfterTrial}.
 */
export function tasksOf(plan: JobPlan, source: SourceRef, generation: number): PlannedTask[] {
  const of = { source, generation };
  const publish = { spec: { kind: 'publish', ...of } as const, dueSeconds: 0, needs: needing(0) };
  const encode = plan.trial
    ? [...trialTask(plan, of), ...lowTasks(plan, of)]
    : [...lowTasks(plan, of), ...restTasks(plan, of)];
  return [...audioTasks(plan, of), ...encode, ...textTask(plan, of), ...imagesTask(plan, of), publish];
}

function audioTasks({ audio }: JobPlan, of: Of): PlannedTask[] {
  return audio.flatMap((plan) =>
    audioChunks(plan).map((chunk): PlannedTask => {
      const isWhole = plan.chunkSegments === undefined;
      const part = isWhole ? {} : { chunk };
      const needs = needing(BASE_MIB, isWhole ? ['aac'] : ['aac', AUDIO_CHUNKS]);
      return {
        spec: { kind: 'audio', playsEarly: true, ...of, plan, ...part },
        dueSeconds: dueOfSound(plan, chunk),
        needs,
      };
    }),
  );
}

/** The picture is never listed further than the sound, so each chunk is due when the picture is a chunk behind. */
function dueOfSound({ segmentSeconds }: AudioPlan, { firstSegment, segments }: AudioChunk): number {
  if (firstSegment === 0) return FIRST_DUE;
  return dueOfLowRung(Math.max(FIRST_SECONDS, (firstSegment - segments) * segmentSeconds));
}

/** Cheap, but all of the source is read for it. */
function textTask({ facts }: JobPlan, of: Of): PlannedTask[] {
  const { text: tracks = [], video, durationSeconds } = facts;
  if (!video || tracks.length === 0) return [];
  const spec = { kind: 'text', ...of, tracks, originSeconds: video.startSeconds, durationSeconds } as const;
  return [{ spec, dueSeconds: dueOfLowRung(durationSeconds), needs: needing(BASE_MIB) }];
}

/** Pages show the poster while the rest is made, so it comes with the first minute of the lowest rung. */
const IMAGES_AT_SECONDS = 60;

function imagesTask({ facts }: JobPlan, of: Of): PlannedTask[] {
  const { video: track, coverStreamIndex, durationSeconds } = facts;
  if (!track && coverStreamIndex === undefined) return [];
  const from = track ? { track } : { coverStreamIndex: coverStreamIndex ?? 0 };
  const dueSeconds = dueOfLowRung(Math.min(IMAGES_AT_SECONDS, durationSeconds));
  const needs = needing(track ? encodeMib(track, []) : BASE_MIB);
  return [{ spec: { kind: 'images', ...of, from, durationSeconds }, dueSeconds, needs }];
}

/** What is left to do once the ladder is chosen. */
export const tasksAfterTrial = (plan: JobPlan, source: SourceRef, generation: number): PlannedTask[] =>
  restTasks(plan, { source, generation });

type Of = { readonly source: SourceRef; readonly generation: number };

/** Soon after what makes the video playable: most of the work waits for it. */
const TRIAL_DUE = FIRST_DUE + 1;

function trialTask({ facts, grid }: JobPlan, of: Of): PlannedTask[] {
  const track = facts.video;
  if (!track || !grid) return [];
  const needs = needing(encodeMib(track, [trialRung(track)]), ['libx264']);
  return [{ spec: { kind: 'trial', ...of, track, grid }, dueSeconds: TRIAL_DUE, needs }];
}

function lowTasks(plan: JobPlan, of: Of): PlannedTask[] {
  const lowest = lowestRung(plan.rungs);
  return lowest ? encodeTasks(plan, of, [lowest], dueOfLowRung, true) : [];
}

/** Each codec by itself, the one that every player decodes first: others take several times as long. */
function restTasks(plan: JobPlan, of: Of): PlannedTask[] {
  const lowest = lowestRung(plan.rungs);
  const others = plan.rungs.filter((rung) => rung !== lowest);
  const byCodec = [...Map.groupBy(others, codecOf).values()];
  return byCodec.flatMap((rungs, i) => {
    const due = (startSeconds: number, totalSeconds: number) =>
      dueOfRest(startSeconds + i * totalSeconds, totalSeconds);
    return encodeTasks(plan, of, rungs, due, false);
  });
}

const codecOf = ({ codec = 'h264' }: Rung): VideoCodec => codec;
const ENCODERS = { h264: 'libx264', hevc: 'libx265', av1: 'libsvtav1' } as const;

function encodeTasks(
  { facts, grid, chunks }: JobPlan,
  of: Of,
  rungs: readonly Rung[],
  due: (startSeconds: number, totalSeconds: number) => number,
  playsEarly: boolean,
): PlannedTask[] {
  const track = facts.video;
  if (!track || !grid) return [];
  const needs = needing(encodeMib(track, rungs), [...new Set(rungs.map((rung) => ENCODERS[codecOf(rung)]))]);
  const total = secondsOf(grid, grid.frames);
  return chunks.map((chunk) => ({
    spec: { kind: 'encode', playsEarly, ...of, track, grid, rungs, chunk },
    dueSeconds: due(secondsOf(grid, chunk.firstFrame), total),
    needs,
  }));
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

/**
 * No two machines have the same memory to the megabyte, so workers are asked for in groups, by whole steps. What a task
 * needs is whole steps as well: whether a worker can have it is then the same question with its memory as it is.
 */
const MEMORY_STEP_MIB = 256;
/** No task asks for more: what would is lent to those who have the most. */
const MOST_MIB = 8_192;

/** What a worker counts as having when it is lent something. */
export const lendableMib = (memoryMib: number): number =>
  Math.min(MOST_MIB, Math.floor(memoryMib / MEMORY_STEP_MIB) * MEMORY_STEP_MIB);

function needing(memoryMib: number, encoders: readonly string[] = []): TaskNeeds {
  return { memoryMib: Math.min(MOST_MIB, Math.ceil(memoryMib / MEMORY_STEP_MIB) * MEMORY_STEP_MIB), encoders };
}
