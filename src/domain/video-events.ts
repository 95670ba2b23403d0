import type { VideoId } from './ids.ts';

/** One transition, as `GET /videos/{id}/timeline` tells it. `from` is null where the subject came into being. */
export type TimelineEvent = {
  /** Grows with each event, not by one. */
  id: number;
  /** ISO 8601, UTC. */
  at: string;
  subject: 'video' | 'job' | 'task';
  jobId: string | null;
  taskId: string | null;
  /** Of a task: probe, encode… */
  kind: string | null;
  attempt: number | null;
  worker: string | null;
  from: string | null;
  to: string;
  reason: string | null;
};

/** `next` goes into `after` of the following request; null at the end of what has happened so far. */
export type Timeline = { events: TimelineEvent[]; next: number | null };

/** The memory of everything that happened to videos. */
export interface VideoEvents {
  /**
   * In the order of their ids. None is left out: an event is told only once all with lower ids are, also those of
   * transactions that are still under way.
   */
  read(videoId: VideoId, range: { readonly after: number; readonly limit: number }): Promise<TimelineEvent[]>;
  /** The id up to which everything is told. */
  position(): Promise<number>;
}
