import type { JobId, VideoId } from '../domain/ids.ts';
import { lookAgain } from './growing-jobs.ts';
import { cancelTasks, moveJob, moveVideo, NOW, type Tx } from './transitions.ts';

export type JobError = { readonly code: string; readonly message: string; readonly tail?: string };

/**
 * A job ends without success, and all that is left of it with it. A video that plays already goes on playing: only
 * its job shows the error. The caller holds the video's row. False when the job had ended before.
 */
export async function endJob(
  tx: Tx,
  { jobId, videoId }: { jobId: JobId; videoId: VideoId },
  state: 'failed' | 'cancelled',
  error: JobError,
): Promise<boolean> {
  const reason = `${error.code}: ${error.message}`;
  if (!(await moveJob(tx, jobId, state, { reason }))) return false;
  const shown = { error_code: error.code, error_message: error.message };
  await tx
    .updateTable('jobs')
    .set({ ...shown, error_tail: error.tail ?? null })
    .where('id', '=', jobId)
    .execute();
  await cancelTasks(tx, jobId, state === 'failed' ? 'its job failed' : reason);
  await endVideo(tx, videoId, error);
  // Its publisher may be writing at this moment, or may have been killed while it did.
  await lookAgain(tx, jobId);
  return true;
}

/** The end of a video's processing without success. */
export async function endVideo(tx: Tx, videoId: VideoId, { code, message }: JobError): Promise<void> {
  const { published_generation } = await tx
    .selectFrom('videos')
    .select('published_generation')
    .where('id', '=', videoId)
    .executeTakeFirstOrThrow();
  const isPublished = published_generation !== null;
  const error = isPublished ? { error_code: null, error_message: null } : { error_code: code, error_message: message };
  await moveVideo(tx, videoId, isPublished ? 'ready' : 'failed', { reason: `${code}: ${message}` });
  await tx
    .updateTable('videos')
    .set({ ...error, updated_at: NOW })
    .where('id', '=', videoId)
    .execute();
}
