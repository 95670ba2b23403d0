import { AUDIO_CHUNK_SECONDS, cutSound } from './audio-chunks.ts';
import { planAudios } from './audio-plan.ts';
import { cutIntoChunks, gridOf, oneChunk } from './cut-plan.ts';
import { DomainError } from './errors.ts';
import { ladderOf } from './ladder.ts';
import type { AudioPlan, JobPlan, SourceFacts, VideoTrackFacts } from './tasks.ts';

/** A little over 8K (7680 × 4320): one decoded picture stays below 100 MB. */
export const MAX_PIXELS = 37_000_000;
/** x264 and players work in blocks of 16 pixels. */
const MIN_SIDE_PX = 16;
/** A strip longer than this has no sensible ladder. */
const MAX_ASPECT = 8;
export const MAX_DURATION_SECONDS = 24 * 3600;

/**
 * Decides everything about a job from the facts of its source, and always the same.
 * @param ladder the shorter sides of the wanted rungs; unset, the standard ladder
 * @param audioChunkSeconds the most that one task encodes of a track that can be cut
 * @throws DomainError not_a_video, source_unsupported
 */
export function planJob(
  facts: SourceFacts,
  ladder?: readonly number[],
  audioChunkSeconds: number = AUDIO_CHUNK_SECONDS,
): JobPlan {
  const { video } = facts;
  if (!video && facts.audio.length === 0) throw new DomainError('not_a_video');
  assertInBounds(facts);
  const cut = (plan: AudioPlan): AudioPlan => cutSound(plan, audioChunkSeconds);
  if (!video) return { facts, rungs: [], chunks: [], audio: planAudios(facts.audio).map(cut) };
  const grid = gridOf(video);
  const inStepWith = { grid, startSeconds: video.soundStartSeconds ?? video.startSeconds };
  return {
    facts,
    grid,
    rungs: ladderOf(video, ladder),
    chunks: video.jumps ? oneChunk(grid) : cutIntoChunks(grid),
    audio: planAudios(facts.audio, inStepWith).map(cut),
  };
}

function assertInBounds({ durationSeconds: seconds, video }: SourceFacts): void {
  if (!(seconds > 0)) throw new DomainError('not_a_video', 'The source lasts no time at all.');
  if (seconds > MAX_DURATION_SECONDS) unsupported(`${Math.round(seconds)} s is longer than a day`);
  if (video) assertSize(video);
}

function assertSize({ widthPx, heightPx, frames }: VideoTrackFacts): void {
  const size = `${widthPx} × ${heightPx}`;
  if (frames < 1) throw new DomainError('not_a_video', 'The video track holds no frame.');
  if (widthPx * heightPx > MAX_PIXELS) unsupported(`${size} is larger than 8K`);
  if (Math.min(widthPx, heightPx) < MIN_SIDE_PX) unsupported(`${size} is smaller than ${MIN_SIDE_PX} pixels`);
  if (Math.max(widthPx, heightPx) > MAX_ASPECT * Math.min(widthPx, heightPx)) unsupported(`${size} is a strip`);
}

function unsupported(detail: string): never {
  throw new DomainError('source_unsupported', `The source cannot be processed: ${detail}.`);
}
