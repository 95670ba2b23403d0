import type { VideoResource } from '../../../src/domain/video-resource.ts';
import { processVideo, retryJob } from '../api/videos.ts';
import { failedJob } from '../library/merge-videos.ts';
import { ActionButton } from '../shared/action-button.tsx';
import { adviseOn } from './advise.ts';

type Props = { video: VideoResource; onChanged: () => void };

/** Why processing failed, what to do about it, and the button that tries again. */
export function ProcessAgain({ video, onChanged }: Props) {
  const error = failedJob(video)?.error ?? video.error;
  const isFailure = failedJob(video)?.state !== 'cancelled';
  return (
    <>
      {error && isFailure && <p className="failure-reason">{error.message}</p>}
      <p>{adviseOn(error?.code ?? '')}</p>
      <ActionButton icon="retry" text="Try again" act={() => tryAgain(video)} onDone={onChanged} testId="try-again" />
    </>
  );
}

/** A job that failed goes on where it stopped; where there is none yet, one begins. */
export function tryAgain(video: VideoResource): Promise<void> {
  const job = failedJob(video);
  return job ? retryJob(job.id) : processVideo(video.id, { force: false });
}
