import type { TaskList } from '../../../src/domain/job-lists.ts';
import type { Timeline } from '../../../src/domain/video-events.ts';
import { requestJson } from './request-json.ts';

/** The server gives no more at once. */
export const MOST_ROWS = 1000;

/** What happened to a video after an event. @param after 0 from the beginning */
export const getTimeline = async (videoId: string, after: number, signal: AbortSignal): Promise<Timeline> =>
  (await requestJson(`/videos/${encodeURIComponent(videoId)}/timeline?after=${after}&limit=${MOST_ROWS}`, {
    signal,
  })) as Timeline;

/** @param cursor `next` of the page before; undefined for the first one */
export const getTasksOf = async (jobId: string, cursor: string | undefined, signal: AbortSignal): Promise<TaskList> => {
  const query = new URLSearchParams({ limit: String(MOST_ROWS), ...(cursor === undefined ? {} : { cursor }) });
  return (await requestJson(`/jobs/${encodeURIComponent(jobId)}/tasks?${query}`, { signal })) as TaskList;
};

export const getOpenTasks = async (signal: AbortSignal): Promise<TaskList> =>
  (await requestJson(`/tasks?state=open&limit=${MOST_ROWS}`, { signal })) as TaskList;
