import type { JobId, VideoId } from './ids.ts';
import type { JobState, TaskState } from './states.ts';
import type { JobResource } from './video-resource.ts';

/** The JSON of `GET /jobs/{id}`, and of each entry of `GET /jobs`. Times are ISO 8601, UTC. */
export type JobEntry = JobResource & {
  videoId: string;
  title: string;
  createdAt: string;
  startedAt: string | null;
  endedAt: string | null;
};
export type JobList = { jobs: JobEntry[]; next: string | null };

/** One task of `GET /tasks`. */
export type TaskEntry = {
  id: string;
  jobId: string;
  videoId: string;
  kind: string;
  state: TaskState;
  /** What it makes, e.g. v360; empty where it makes no rendition. */
  renditions: string[];
  /** Which part of the video it works on; null where it is all of it. */
  fromSeconds: number | null;
  toSeconds: number | null;
  /** Grants so far. */
  attempt: number;
  failures: number;
  worker: string | null;
  /** Until when the holder must renew. */
  leaseUntil: string | null;
  /** It waits for all others of its job. */
  blocked: boolean;
  /** A backoff lasts until then. */
  notBefore: string | null;
  /** What it waits for without using up attempts, e.g. store_unavailable. */
  pausedReason: string | null;
  startedAt: string | null;
  endedAt: string | null;
  /** Of the last attempt that failed; `tail` are the last lines of ffmpeg. */
  error: { code: string; message: string; tail: string | null } | null;
};
export type TaskList = { tasks: TaskEntry[]; next: string | null };

export type WorkerEntry = {
  worker: string;
  /** Made anew at each start of the worker. */
  session: string;
  version: string;
  cores: number;
  memoryMib: number;
  encoders: string[];
  /** Which orchestrator it is, or was, connected to. */
  orchestrator: string;
  connectedAt: string;
  /** Null while it is connected. */
  disconnectedAt: string | null;
  seenAt: string;
  tasks: { id: string; jobId: string; videoId: string; kind: string; attempt: number; startedAt: string | null }[];
};
export type WorkerList = { workers: WorkerEntry[] };

type Page = { readonly limit: number; readonly cursor?: string };
export type JobQuery = Page & { readonly state?: JobState; readonly videoId?: VideoId };
/** `open` are those that are queued or leased. */
export type TaskQuery = Page & {
  readonly state?: TaskState | 'open';
  readonly videoId?: VideoId;
  readonly jobId?: JobId;
};

/** What is worked on, and by whom. @throws DomainError bad_cursor */
export interface JobLists {
  /** Newest first. */
  jobs(query: JobQuery): Promise<JobList>;
  job(jobId: JobId): Promise<JobEntry | undefined>;
  /** In the order in which they are due. */
  tasks(query: TaskQuery): Promise<TaskList>;
  /** Connected ones first, then by name. */
  workers(): Promise<WorkerList>;
}
