import type { VideoResource } from '../../../src/domain/video-resource.ts';
import { formatPercent } from './format.ts';
import { ProgressBar } from './progress-bar.tsx';

/** The state of a video in a word, with its progress while it is being processed. */
export function VideoStateBadge({ video }: { video: VideoResource }) {
  // Asked to try again, a video is failed until an orchestrator begins with it.
  const state = video.state === 'failed' && video.job?.state === 'queued' ? 'uploaded' : video.state;
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

const STATE_WORDS: Readonly<Record<VideoResource['state'], string>> = {
  uploading: 'Uploading',
  uploaded: 'Waiting',
  processing: 'Processing',
  ready: 'Ready',
  failed: 'Failed',
};
