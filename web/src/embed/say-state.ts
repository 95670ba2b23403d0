import type { VideoResource } from '../../../src/domain/video-resource.ts';
import { formatPercent } from '../shared/format.ts';

/** What stands in place of a video that cannot be played yet, or ever. */
export function sayState({ state, job }: Pick<VideoResource, 'state' | 'job'>): readonly [title: string, text: string] {
  const isOpen = job?.state === 'queued' || job?.state === 'running';
  if (state === 'uploading') return ['Being uploaded', 'It plays here as soon as it is processed.'];
  if (state === 'failed' && !isOpen) return ['This video could not be processed', 'Its owner can try again.'];
  return [`Processing ${formatPercent(job?.progress ?? 0)}`, workText(job)];
}

/** Nothing is planned before the file was looked at, which is one task. */
function workText(job: VideoResource['job']): string {
  const total = Object.values(job?.tasks ?? {}).reduce((sum, count) => sum + count, 0);
  return job && total > 1 ? `${job.tasks.done} of ${total} tasks done` : 'Looking at the file';
}
