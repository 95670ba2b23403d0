import { type ReactNode, Suspense } from 'react';
import type { VideoResource } from '../../../src/domain/video-resource.ts';
import { playerFor } from '../player/lazy-player.tsx';
import { ErrorBoundary } from '../shared/error-boundary.tsx';
import { formatPercent } from '../shared/format.ts';
import { ProgressBar } from '../shared/progress-bar.tsx';
import type { PlayerWish } from './parse-wish.ts';
import { ProcessAgain } from './process-again.tsx';

type Props = { video: VideoResource; wish: PlayerWish; onChanged: () => void };

/** The player as soon as there is something to play; before that, what is being done about it. */
export function VideoFrame({ video, wish, onChanged }: Props) {
  const { playback, title } = video;
  if (!playback) return <NotPlayable video={video} onChanged={onChanged} />;
  const Player = playerFor(wish.tech);
  return (
    <ErrorBoundary>
      <Suspense fallback={<div className="frame-message" aria-busy="true" />}>
        <Player
          src={playback[wish.tech]}
          title={title}
          poster={playback.poster}
          autoplay={wish.autoplay}
          muted={wish.muted}
        />
      </Suspense>
    </ErrorBoundary>
  );
}

function NotPlayable({ video, onChanged }: { video: VideoResource; onChanged: () => void }) {
  switch (video.state) {
    case 'failed':
      return (
        <Message title="This video could not be processed">
          <ProcessAgain video={video} onChanged={onChanged} />
        </Message>
      );
    case 'uploading':
      return <Message title="Being uploaded">It plays here as soon as it is processed.</Message>;
    case 'uploaded':
      return <Message title="Waiting for a worker">Processing begins as soon as one is free.</Message>;
    case 'processing':
    case 'ready':
      return <Processing video={video} />;
    default:
      return video.state satisfies never;
  }
}

function Processing({ video: { job, title } }: { video: VideoResource }) {
  const progress = job?.progress ?? 0;
  const total = job ? Object.values(job.tasks).reduce((sum, count) => sum + count, 0) : 0;
  return (
    <Message title={`Processing ${formatPercent(progress)}`}>
      <ProgressBar value={progress} label={`Processing ${title}`} />
      {job && total > 0 ? `${job.tasks.done} of ${total} tasks done` : 'Looking at the file'}
    </Message>
  );
}

const Message = ({ title, children }: { title: string; children: ReactNode }) => (
  <div className="frame-message">
    <h2>{title}</h2>
    <div className="frame-text">{children}</div>
  </div>
);
