import type { Visibility } from './playback-grant.ts';
import type { JobState, TaskState, VideoState } from './states.ts';

/** The JSON of `GET /videos/{id}`. The browser code imports these types, so both sides agree. */
export type VideoResource = {
  id: string;
  title: string;
  state: VideoState;
  visibility: Visibility;
  /** ISO 8601, UTC. */
  createdAt: string;
  source: {
    filename: string;
    contentType: string;
    sizeBytes: number;
    contentId: string | null;
    durationSeconds: number | null;
    widthPx: number | null;
    heightPx: number | null;
    frameRate: number | null;
  };
  job: JobResource | null;
  renditions: RenditionResource[];
  /** `dash` is null while the video is processed for the first time and plays already. */
  playback: { hls: string; dash: string | null; poster: string | null; storyboard: string | null } | null;
  error: { code: string; message: string } | null;
};

export type JobResource = {
  id: string;
  generation: number;
  state: JobState;
  /** 0 to 1. */
  progress: number;
  tasks: Record<TaskState, number>;
  attempts: number;
  /** What its tasks wait for without using up attempts, e.g. store_unavailable. */
  pausedReason: string | null;
  /** `tail` are the last lines of the tool that failed. */
  error: { code: string; message: string; tail: string | null } | null;
};

export type RenditionResource = {
  name: string;
  kind: 'video' | 'audio';
  codec: string;
  widthPx: number | null;
  heightPx: number | null;
  frameRate: number | null;
  bandwidthBps: number;
  averageBandwidthBps: number;
};

export type VideoList = { videos: VideoResource[]; next: string | null };

/** The JSON of `POST /upload`. */
export type UploadAnswer = { id: string; state: VideoState; created: boolean; contentId: string };
