import type { JobId, VideoId } from './ids.ts';
import type { TaskRef } from './job-records.ts';
import type { JobPlan, StoredRendition } from './tasks.ts';

/** A running job whose growing playlists this holder may write, until its lease is over. */
export type GrowthClaim = {
  readonly jobId: JobId;
  readonly videoId: VideoId;
  readonly generation: number;
  readonly plan: JobPlan;
  /** Fences: a later grant of the same job has a higher one. */
  readonly token: number;
  readonly leaseMs: number;
  /** The count of reports at the time of the grant. */
  readonly reports: number;
};

/** The growing playlists of a job that has ended without being published. */
export type AbandonedGrowth = Pick<GrowthClaim, 'jobId' | 'videoId' | 'generation' | 'token'>;

/**
 * The durable memory of what can be played of a video while it is still being processed. Growing and publishing
 * exclude one another: no growth is granted once a job's publish task is ready, and publishing waits for the growth
 * that was granted before.
 */
export interface GrowthRecords {
  /**
   * What a worker has stored of its task so far; saying it twice does no harm.
   * @throws DomainError lease_lost
   */
  report(ref: TaskRef, renditions: readonly StoredRendition[]): Promise<void>;
  /** A job of a video without a published generation that has more segments than its playlists list. */
  claim(): Promise<GrowthClaim | undefined>;
  storedOf(jobId: JobId, renditions: readonly string[]): Promise<StoredRendition[]>;
  /** Extends the lease; false when the claim is over, or the job is about to be published. */
  renew(claim: GrowthClaim): Promise<boolean>;
  /**
   * Gives the lease back.
   * @param grown whether the playlists list something now; not before `pauseMs` they are written again.
   * @returns 'first' where the video became playable by it; false when the claim was over.
   */
  release(claim: GrowthClaim, grown: { isPlayable: boolean; pauseMs: number }): Promise<'first' | 'again' | false>;
  /** A job that ended without being published while its video was playable or about to be, and that nobody else grows. */
  claimAbandoned(): Promise<AbandonedGrowth | undefined>;
  /** Its playlists are gone, so the video is no longer playable. */
  withdrawn(claim: AbandonedGrowth): Promise<void>;
  /** For how long somebody may still write growing playlists of the job: 0 when nobody does. */
  remainingMs(jobId: JobId): Promise<number>;
  /**
   * What players start from may be the work of a publisher that had lost its task. Where another generation is
   * published, its playlists are due again; where none is and the job has ended, what stands is abandoned growth.
   */
  lookAgain(jobId: JobId): Promise<void>;
  /** The job whose generation players get. */
  publishedJob(videoId: VideoId): Promise<{ jobId: JobId; generation: number } | undefined>;
}

export type RetiredGeneration = { readonly videoId: VideoId; readonly generation: number };

/** Generations that are no longer offered, and whose objects are still there. */
export interface RetiredGenerations {
  /** Those that no session can play any more; never the published one, nor one that is being processed. */
  due(limit: number): Promise<RetiredGeneration[]>;
  /** Its objects are gone. */
  removed(of: RetiredGeneration): Promise<void>;
}
