import { useState } from 'react';
import type { VideoResource } from '../../../src/domain/video-resource.ts';
import { messageOf } from '../api/problem.ts';
import { processVideo } from '../api/videos.ts';
import { Icon } from '../shared/icons.tsx';
import { adviseOn } from './advise.ts';

type Props = { video: VideoResource; onChanged: () => void };

/** Why processing failed, what to do about it, and the button that tries again. */
export function ProcessAgain({ video, onChanged }: Props) {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string>();
  const error = video.error ?? video.job?.error;

  async function processAgain(): Promise<void> {
    setBusy(true);
    setFailure(undefined);
    try {
      await processVideo(video.id);
      onChanged();
    } catch (problem) {
      setFailure(messageOf(problem));
    } finally {
      setBusy(false);
    }
  }

  return (
    <>
      {error && <p className="failure-reason">{error.message}</p>}
      <p>{adviseOn(error?.code ?? '')}</p>
      <button type="button" className="button" disabled={busy} onClick={processAgain} data-testid="process-again">
        <Icon name="retry" />
        Process again
      </button>
      {failure && (
        <p className="error-text" role="alert">
          {failure}
        </p>
      )}
    </>
  );
}
