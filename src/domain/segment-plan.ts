import { AAC_FRAME_SAMPLES, audioBoundaries } from './audio-plan.ts';
import { framesOfSegment, segmentCount } from './cut-plan.ts';
import type { AudioPlan, JobPlan, VideoGrid } from './tasks.ts';

type Planned = Pick<JobPlan, 'grid' | 'rungs' | 'audio'>;

/** How long each segment of a rendition must be, in ticks of the rendition's timescale; empty for one not planned. */
export function plannedTicks({ grid, rungs, audio }: Planned, rendition: string): number[] {
  if (grid && rungs.some((rung) => rung.rendition === rendition)) return videoTicks(grid);
  const plan = audio.find((one) => one.rendition === rendition);
  return plan ? audioTicks(plan) : [];
}

const videoTicks = (grid: VideoGrid): number[] =>
  Array.from({ length: segmentCount(grid) }, (_, segment) => framesOfSegment(grid, segment) * grid.ticksPerFrame);

/** The last AAC frame is declared shorter, so that sound and picture end together. */
function audioTicks(plan: AudioPlan): number[] {
  const samplesAt = audioBoundaries(plan).map((frame) => Math.min(frame * AAC_FRAME_SAMPLES, plan.samples));
  return samplesAt.slice(1).map((end, segment) => end - (samplesAt[segment] ?? 0));
}
