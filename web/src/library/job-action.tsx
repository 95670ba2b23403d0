import type { VideoResource } from '../../../src/domain/video-resource.ts';
import { cancelJob, retryJob } from '../api/videos.ts';
import { Icon } from '../shared/icons.tsx';
import { useAction } from '../shared/use-action.ts';
import { failedJob, openJob } from './merge-videos.ts';

type Props = { video: VideoResource; onChanged: () => void };

/** Ends the job of a video that is being processed; tries again one that failed. */
export function JobAction({ video, onChanged }: Props) {
  const [open, failed] = [openJob(video), failedJob(video)];
  const { busy, failure, run } = useAction(async () => {
    if (open) await cancelJob(open.id);
    else if (failed) await retryJob(failed.id);
  }, onChanged);
  if (!open && !failed) return null;
  return (
    <button
      type="button"
      className={failure ? 'icon-button icon-button-danger' : 'icon-button'}
      aria-label={open ? `Cancel the processing of ${video.title}` : `Try again to process ${video.title}`}
      title={failure ?? (open ? 'Cancel processing' : 'Try again')}
      disabled={busy}
      onClick={run}
      data-testid={open ? 'cancel-job' : 'try-again'}
    >
      <Icon name={open ? 'close' : 'retry'} />
    </button>
  );
}
