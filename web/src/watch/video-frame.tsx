import { type ReactNode, Suspense } from 'react';
import type { JobResource, VideoResource } from '../../../src/domain/video-resource.ts';
import { failedJob, openJob } from '../library/merge-videos.ts';
import { playerFor } from '../player/player.tsx';
import { ErrorBoundary } from '../shared/error-boundary.tsx';
import { formatPercent } from '../shared/format.ts';
import { ProgressBar } from '../shared/progress-bar.tsx';
import { CancelButton } from './cancel-button.tsx';
import type { PlayerWish } from './parse-wish.ts';
import { ProcessAgain } from './process-again.tsx';

/** Without `onChanged` the viewer is a guest, who is shown no buttons that change anything. */
type OfVideo = { video: VideoResource; onChanged?: (() => void) | undefined };
type Props = OfVideo & { wish: PlayerWish };

/** The player as soon as there is something to play; before that, what is being done about it. */
export function VideoFrame({ video, wish, onChanged }: Props) {
  const { playback, title } = video;
  if (!playback) return <NotPlayable video={video} onChanged={onChanged} />;
  // A growing video has no manifest yet.
  const tech = playback[wish.tech] === null ? 'hls' : wish.tech;
  const Player = playerFor(tech);
  return (
    <ErrorBoundary>
      <Suspense fallback={<div className="frame-message" aria-busy="true" />}>
        <Player
          src={playback[tech] ?? playback.hls}
          title={title}
          poster={playback.poster}
          storyboard={playback.storyboard}
          isGrowing={playback.dash === null}
          autoplay={wish.autoplay}
          muted={wish.muted}
        />
      </Suspense>
    </ErrorBoundary>
  );
}

export const CANCELLED = 'Processing was cancelled';

function NotPlayable({ video, onChanged }: OfVideo) {
  // Asked to try again, a video is failed until an orchestrator begins with it.
  if (openJob(video)) return <Processing video={video} onChanged={onChanged} />;
  switch (video.state) {
    case 'failed':
      return (
        <Message title={failedJob(video)?.state === 'cancelled' ? CANCELLED : 'This video could not be processed'}>
          {onChanged && <ProcessAgain video={video} onChanged={onChanged} />}
        </Message>
      );
    case 'uploading':
      return <Message title="Being uploaded">It plays here as soon as it is processed.</Message>;
    case 'uploaded':
    case 'processing':
    case 'ready':
      return <Processing video={video} onChanged={onChanged} />;
    default:
      return video.state satisfies never;
  }
}

function Processing({ video, onChanged }: OfVideo) {
  const { job, title } = video;
  const progress = job?.progress ?? 0;
  if (job?.state === 'queued') {
    return (
      <Message title="Waiting for a worker">
        Processing begins as soon as one is free.
        {onChanged && <CancelButton job={job} onChanged={onChanged} />}
      </Message>
    );
  }
  return (
    <Message title={`Processing ${formatPercent(progress)}`}>
      <ProgressBar value={progress} label={`Processing ${title}`} />
      <span>{job ? workText(job) : 'Looking at the file'}</span>
      {job && onChanged && <CancelButton job={job} onChanged={onChanged} />}
    </Message>
  );
}

/** What is done of a job, or what it waits for. */
export function workText({ tasks, pausedReason }: JobResource): string {
  if (pausedReason !== null) return 'Waiting for the storage, which does not answer';
  const total = Object.values(tasks).reduce((sum, count) => sum + count, 0);
  // Nothing is planned before the file was looked at, which is one task.
  return total > 1 ? `${tasks.done} of ${total} tasks done` : 'Looking at the file';
}

const Message = ({ title, children }: { title: string; children: ReactNode }) => (
  <div className="frame-message">
    <h2>{title}</h2>
    <div className="frame-text">{children}</div>
  </div>
);
