import type { AudioPlan, AudioTrackFacts, VideoGrid } from './tasks.ts';

export const AUDIO_RATE_HZ = 48_000;
export const AAC_FRAME_SAMPLES = 1024;
const BITRATE_BPS = 128_000;
/** Where no video sets the pace. */
const SEGMENT_SECONDS = 4;

type Pace = Pick<AudioPlan, 'samples' | 'originSeconds' | 'segmentSeconds' | 'delayTicks'>;
type InStepWith = { readonly grid: VideoGrid; readonly startSeconds: string };

/** More tracks than a film is dubbed into; those after them are left out. */
const MAX_TRACKS = 8;

/** How all audio tracks are made, the one to play first. */
export function planAudios(tracks: readonly AudioTrackFacts[], video?: InStepWith): AudioPlan[] {
  const ordered = tracks.toSorted((a, b) => Number(b.isDefault ?? false) - Number(a.isDefault ?? false));
  const taken = new Map<string, number>();
  return ordered.slice(0, MAX_TRACKS).map((track) => {
    const plan = planAudio(track, video);
    const count = (taken.get(plan.rendition) ?? 0) + 1;
    taken.set(plan.rendition, count);
    return count === 1 ? plan : { ...plan, rendition: `${plan.rendition}-${count}` };
  });
}

/** How one audio track is made. With a video it starts and ends together with it, to the sample. */
export function planAudio(track: AudioTrackFacts, video?: InStepWith): AudioPlan {
  return {
    rendition: `a-${languageOf(track)}`,
    track,
    sampleRateHz: AUDIO_RATE_HZ,
    bitrateBps: BITRATE_BPS,
    ...(video ? pacedBy(video) : ownPace(track)),
  };
}

function pacedBy({ grid, startSeconds }: InStepWith): Pace {
  const { numerator, denominator } = grid.frameRate;
  return {
    samples: Math.round((grid.frames * denominator * AUDIO_RATE_HZ) / numerator),
    originSeconds: startSeconds,
    segmentSeconds: (grid.segmentFrames * denominator) / numerator,
    delayTicks: Math.round((grid.delayTicks * AUDIO_RATE_HZ) / grid.timescale),
  };
}

const ownPace = (track: AudioTrackFacts): Pace => ({
  samples: Math.round(track.durationSeconds * AUDIO_RATE_HZ),
  originSeconds: track.startSeconds,
  segmentSeconds: SEGMENT_SECONDS,
  delayTicks: 0,
});

export const aacFrameCount = (plan: AudioPlan): number => Math.ceil(plan.samples / AAC_FRAME_SAMPLES);

/**
 * The AAC frame that each segment starts with, and the end of the last one: segment n holds the frames from
 * boundaries[n] to boundaries[n + 1]. Boundaries are the frame edges nearest to whole multiples of the
 * segment length, counted from 0, so they never drift from the video's.
 */
export function audioBoundaries(plan: AudioPlan): number[] {
  const end = aacFrameCount(plan);
  const boundaries: number[] = [];
  for (let n = 0; ; n++) {
    const place = n * plan.segmentSeconds * plan.sampleRateHz;
    const start = Math.round(place / AAC_FRAME_SAMPLES);
    // A rest of less than one frame, behind the video's last segment, belongs to the segment before.
    if (start >= end || place > plan.samples - 1) break;
    boundaries.push(start);
  }
  return [...boundaries, end];
}

const LANGUAGE = /^[a-z]{2,3}$/;

/** A canonical BCP 47 language such as `en` for the container's `eng`, or `und`, whatever the container says. */
export function languageOf(track: AudioTrackFacts): string {
  const tag = track.language?.toLowerCase() ?? 'und';
  if (!LANGUAGE.test(tag)) return 'und';
  return Intl.getCanonicalLocales(tag)[0]?.toLowerCase() ?? 'und';
}
