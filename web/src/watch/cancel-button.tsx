import type { JobResource } from '../../../src/domain/video-resource.ts';
import { cancelJob } from '../api/videos.ts';
import { ActionButton } from '../shared/action-button.tsx';

type Props = { job: JobResource; onChanged: () => void };

/** Nothing is lost by it: what is done stays done, and processing can go on later. */
export const CancelButton = ({ job, onChanged }: Props) => (
  <ActionButton icon="close" text="Cancel" act={() => cancelJob(job.id)} onDone={onChanged} testId="cancel-job" />
);
