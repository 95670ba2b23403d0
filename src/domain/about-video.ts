import type { Captions } from './captions.ts';
import type { ContentId, JobId, TaskId, VideoId } from './ids.ts';
import type { Visibility } from './playback-grant.ts';
import type { StoredPart } from './ports.ts';
import type { JobPlan, TaskResult, TaskSpec } from './tasks.ts';
import type { RenditionResource } from './video-resource.ts';

/** Of this form of the file. A Millrace that reads a higher one leaves the video alone. */
export const ABOUT_FORMAT = 1;

/**
 * What the database knows of a video and its other objects do not tell. It stands beside them, at `aboutKey`, so that
 * the database can be made again from the bucket alone. Times are ISO 8601, UTC.
 */
export type AboutVideo = {
  readonly format: typeof ABOUT_FORMAT;
  /** Counts changes: the higher one is the later one. */
  readonly version: number;
  readonly id: VideoId;
  readonly title: string;
  readonly filename: string;
  readonly contentType: string;
  readonly createdAt: string;
  readonly contentId: ContentId;
  readonly durationSeconds: number | null;
  readonly widthPx: number | null;
  readonly heightPx: number | null;
  readonly frameRate: number | null;
  /** Why it cannot be processed. */
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly parts: readonly StoredPart[];
  readonly captions: readonly Captions[];
  readonly published: AboutPublished | null;
};

/** The job whose generation players get: what playlists, downloads and the resource of the video are made from. */
export type AboutPublished = {
  readonly jobId: JobId;
  readonly generation: number;
  readonly plan: JobPlan;
  readonly ladder: readonly number[] | null;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  /** Those that are done, in the order of the line. */
  readonly tasks: readonly AboutTask[];
  readonly renditions: readonly RenditionResource[];
};
export type AboutTask = {
  readonly taskId: TaskId;
  readonly spec: TaskSpec;
  readonly result: TaskResult | null;
  readonly attempt: number;
  readonly failures: number;
  readonly worker: string | null;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
};

export type DueAbout = { readonly videoId: VideoId; readonly version: number; readonly until: string };

/** Videos whose file is to be written, since something in it has changed. */
export interface AboutRecords {
  /** Nobody else gets the same one for a while. Undefined when there is none. */
  next(): Promise<DueAbout | undefined>;
  /** Undefined where the video was deleted. */
  read(videoId: VideoId): Promise<AboutVideo | undefined>;
  /** It was written. Due again where something has changed since; 'gone' where the video was deleted. */
  done(due: DueAbout): Promise<'kept' | 'gone'>;
}

export type RebuiltVideo = {
  readonly about: AboutVideo;
  readonly visibility: Visibility;
  /** The highest generation of which there are objects, published or not; 0 where there are none. */
  readonly highestGeneration: number;
};

/**
 * `known`: a row stands that is as late or later, and stays as it is. `replaced`: it was older. `same_content`: another
 * video has these bytes. `deleted`: somebody deleted it just now.
 */
export type AddOutcome = 'added' | 'replaced' | 'known' | 'same_content' | 'deleted';

/** The rows of videos, made again from what the bucket tells. */
export interface RebuiltRecords {
  countVideos(): Promise<number>;
  /** The version of the row; undefined where there is none. */
  versionOf(videoId: VideoId): Promise<number | undefined>;
  add(video: RebuiltVideo): Promise<AddOutcome>;
  /** Videos that play according to the database, a page of them in the order of their ids. */
  published(after: string, limit: number): Promise<VideoId[]>;
}
