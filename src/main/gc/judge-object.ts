import type { VideoId } from '../../domain/ids.ts';
import { aboutKey, multivariantKey, sourcePartKey } from '../../domain/object-keys.ts';
import type { StoredVideo } from '../rebuild/stored-videos.ts';

/** What the database says of a video's generations. */
export type KnownVideo = {
  readonly published: number | null;
  /** That have a job. */
  readonly jobs: ReadonlySet<number>;
  /** That are queued, running, or wait for the last session to end: an orchestrator removes these by itself. */
  readonly inUse: ReadonlySet<number>;
};

export const REASONS = {
  no_video: 'of a video that the database does not know',
  no_job: 'of a generation without a job',
  replaced: 'of a generation that was replaced',
  no_upload: 'of an upload that is over',
  old_check: 'left by a health check',
} as const;
export type Reason = keyof typeof REASONS;

const GENERATION = /^videos\/[^/]+\/g(\d{1,6})\//;

/** Why nothing stands behind an object of a video. Undefined where something does, and for names that are not ours. */
export function judgeVideoObject(key: string, known: KnownVideo | undefined): Reason | undefined {
  if (!known) return 'no_video';
  const [, digits] = GENERATION.exec(key) ?? [];
  if (digits === undefined) return undefined;
  const generation = Number(digits);
  if (generation === known.published || known.inUse.has(generation)) return undefined;
  if (!known.jobs.has(generation)) return 'no_job';
  // One that ended and is newer may be gone on with by hand: what it stored is kept for that.
  return known.published !== null && generation < known.published ? 'replaced' : undefined;
}

/**
 * Whether a video without a row is more than leftovers: its rows were lost, or the database is older than the bucket.
 * Whoever deletes a video deletes its file first.
 */
export const canBeRebuilt = ({ videoId, sizes }: StoredVideo): boolean =>
  sizes.has(aboutKey({ videoId })) &&
  (sizes.has(sourcePartKey({ videoId, part: 0 })) || sizes.has(multivariantKey({ videoId })));

/** The database's side. Asked after the objects were listed: a row comes before the first object that belongs to it. */
export interface GarbageRecords {
  countVideos(): Promise<number>;
  find(videoId: VideoId): Promise<KnownVideo | undefined>;
  knownUploads(uploadIds: readonly string[]): Promise<readonly string[]>;
}
