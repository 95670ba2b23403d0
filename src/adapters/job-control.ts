import { randomUUID } from 'node:crypto';
import { DomainError } from '../domain/errors.ts';
import type { JobId, VideoId } from '../domain/ids.ts';
import type { JobControl } from '../domain/job-records.ts';
import type { JobRequest } from '../domain/ports.ts';
import { isFinalJob, type JobState } from '../domain/states.ts';
import { answered } from './database-outage.ts';
import { endJob } from './end-job.ts';
import { type Database, json } from './postgres.ts';
import { moveJob, type Tx, writeEvent } from './transitions.ts';
import { ringOrchestrators } from './wake-ups.ts';

export const createJobControl = (db: Database): JobControl => ({
  retryJob: (jobId) => answered(() => db.transaction().execute((tx) => retryJob(tx, jobId))),
  cancelJob: (jobId, reason) => answered(() => db.transaction().execute((tx) => cancelJob(tx, jobId, reason))),
});

async function retryJob(tx: Tx, jobId: JobId): Promise<void> {
  const videoId = await lockVideoOf(tx, jobId);
  const latest = await latestJob(tx, videoId);
  if (latest?.id !== jobId || !isRetriable(latest.state)) throw new DomainError('job_not_failed');
  await queueAgain(tx, jobId, 'retried by hand');
}

async function cancelJob(tx: Tx, jobId: JobId, reason: string): Promise<void> {
  const videoId = await lockVideoOf(tx, jobId);
  const why = { code: 'job_cancelled', message: reason };
  if (!(await endJob(tx, { jobId, videoId }, 'cancelled', why))) throw new DomainError('job_not_running');
}

async function lockVideoOf(tx: Tx, jobId: JobId): Promise<VideoId> {
  const job = await tx.selectFrom('jobs').select('video_id').where('id', '=', jobId).executeTakeFirst();
  if (!job) throw new DomainError('no_such_job');
  await tx.selectFrom('videos').select('id').where('id', '=', job.video_id).forUpdate().execute();
  return job.video_id;
}

/**
 * What a person wants with a video: a failed job goes on, a first or a forced one begins, and where all is well
 * nothing happens. @throws DomainError process_running, upload_not_finished, no_such_video
 */
export async function requestJob(tx: Tx, videoId: VideoId, { reason, force, ladder }: JobRequest): Promise<void> {
  const video = await tx
    .selectFrom('videos')
    .select(['state', 'content_id'])
    .where('id', '=', videoId)
    .forUpdate()
    .executeTakeFirst();
  if (!video) throw new DomainError('no_such_video');
  // Also a failed one, where its source could not be fetched.
  if (video.content_id === null) throw new DomainError('upload_not_finished');
  const latest = await latestJob(tx, videoId);
  if (latest && !isFinalJob(latest.state)) throw new DomainError('process_running');
  if (force || ladder || !latest) return void (await queueJob(tx, videoId, reason, ladder));
  if (isRetriable(latest.state)) return queueAgain(tx, latest.id, reason);
  if (video.state !== 'ready') await queueJob(tx, videoId, reason);
}

/** The caller holds the video's row. Of several that bring the same bytes again at once, the first finds it failed. */
export async function retryFailed(tx: Tx, videoId: VideoId, reason: string): Promise<void> {
  const latest = await latestJob(tx, videoId);
  if (!latest) await queueJob(tx, videoId, reason);
  else if (isRetriable(latest.state)) await queueAgain(tx, latest.id, reason);
}

/** A new generation. The caller holds the video's row, so that generations are counted one at a time. */
export async function queueJob(tx: Tx, videoId: VideoId, reason: string, ladder?: readonly number[]): Promise<JobId> {
  const generation = ((await latestJob(tx, videoId))?.generation ?? 0) + 1;
  const jobId = randomUUID() as JobId;
  await tx
    .insertInto('jobs')
    .values({ id: jobId, video_id: videoId, generation, state: 'queued', ladder: ladder ? json(ladder) : null })
    .execute();
  const of = { subject: 'job', video_id: videoId, job_id: jobId, from_state: null, to_state: 'queued' } as const;
  await writeEvent(tx, of, { reason });
  await ringOrchestrators(tx);
  return jobId;
}

/** Where publish found something missing, workers look at all of it again, and make only what is missing. */
async function queueAgain(tx: Tx, jobId: JobId, reason: string): Promise<void> {
  await tx
    .updateTable('tasks')
    .set({ result: null })
    .where('job_id', '=', jobId)
    .where('kind', 'in', ['encode', 'audio'])
    .where('state', '=', 'done')
    .where((eb) =>
      eb.exists(eb.selectFrom('jobs').select('id').where('id', '=', jobId).where('error_code', '=', 'incomplete')),
    )
    .execute();
  await moveJob(tx, jobId, 'queued', { reason });
  await ringOrchestrators(tx);
}

const isRetriable = (state: JobState): boolean => state === 'failed' || state === 'cancelled';

const latestJob = (tx: Tx, videoId: VideoId) =>
  tx
    .selectFrom('jobs')
    .select(['id', 'state', 'generation'])
    .where('video_id', '=', videoId)
    .orderBy('generation', 'desc')
    .limit(1)
    .executeTakeFirst();
