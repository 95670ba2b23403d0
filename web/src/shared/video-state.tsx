import type { VideoResource } from '../../../src/domain/video-resource.ts';
import { formatPercent } from './format.ts';
import { ProgressBar } from './progress-bar.tsx';

/** The state of a video in a word, with its progress while it is being processed. */
export function VideoStateBadge({ video }: { video: VideoResource }) {
  const state = shownState(video);
  const progress = video.state === 'processing' ? (video.job?.progress ?? 0) : undefined;
  return (
    <div className="state" data-testid="video-state" data-state={video.state}>
      <span className={`badge badge-${state}`}>
        <span className="badge-dot" aria-hidden="true" />
        {STATE_WORDS[state]}
        {progress !== undefined && <span className="badge-percent">{formatPercent(progress)}</span>}
      </span>
      {progress !== undefined && <ProgressBar value={progress} label={`Processing ${video.title}`} />}
    </div>
  );
}

/** A person who cancels has seen no failure; and one who tries again sees it wait, though nobody has begun yet. */
export function shownState({ state, job }: VideoResource): VideoResource['state'] | 'cancelled' {
  if (state !== 'failed') return state;
  if (job?.state === 'queued') return 'uploaded';
  return job?.state === 'cancelled' ? 'cancelled' : state;
}

export const STATE_WORDS: Readonly<Record<ReturnType<typeof shownState>, string>> = {
  uploading: 'Uploading',
  uploaded: 'Waiting',
  processing: 'Processing',
  ready: 'Ready',
  failed: 'Failed',
  cancelled: 'Cancelled',
};
