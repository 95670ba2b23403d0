import type { VideoState } from '../../../src/domain/states.ts';
import type { VideoList, VideoResource } from '../../../src/domain/video-resource.ts';
import { requestJson } from './request-json.ts';

const videoPath = (id: string): string => `/videos/${encodeURIComponent(id)}`;

/** A playback token in the page's own address lets a guest see a private video; it goes with every question about it. */
const asGuest = (query: Record<string, string> = {}): string => {
  const token = new URLSearchParams(window.location.search).get('token');
  const all = new URLSearchParams({ ...query, ...(token === null ? {} : { token }) }).toString();
  return all && `?${all}`;
};

export const getVideo = async (id: string, signal: AbortSignal): Promise<VideoResource> =>
  (await requestJson(`${videoPath(id)}${asGuest()}`, { signal })) as VideoResource;

export type VideoQuery = {
  readonly limit: number;
  /** The `next` of the page before. */
  readonly cursor?: string;
  /** Part of the title. */
  readonly q: string;
  readonly state: VideoState | undefined;
};

/** Newest first. */
export async function listVideos({ limit, ...rest }: VideoQuery, signal?: AbortSignal): Promise<VideoList> {
  const query = new URLSearchParams({ limit: String(limit) });
  for (const [name, value] of Object.entries(rest)) if (value) query.set(name, value);
  return (await requestJson(`/videos?${query}`, signal ? { signal } : {})) as VideoList;
}

export async function renameVideo(id: string, title: string): Promise<void> {
  await requestJson(videoPath(id), { method: 'PATCH', body: { title } });
}

export async function deleteVideo(id: string): Promise<void> {
  await requestJson(videoPath(id), { method: 'DELETE' });
}

/** @param force a new generation, also of a video that is ready */
export async function processVideo(id: string, { force }: { force: boolean }): Promise<void> {
  await requestJson(`${videoPath(id)}/process`, { method: 'POST', body: { force } });
}

/** Goes on where it stopped; what was done is not done again. */
export async function retryJob(jobId: string): Promise<void> {
  await requestJson(`/jobs/${encodeURIComponent(jobId)}/retry`, { method: 'POST' });
}

export async function cancelJob(jobId: string): Promise<void> {
  await requestJson(`/jobs/${encodeURIComponent(jobId)}/cancel`, { method: 'POST' });
}

/** The stream of what happens to a video. */
export const eventsPath = (id: string, { tasks }: { tasks: boolean }): string =>
  `${videoPath(id)}/events${asGuest(tasks ? { tasks: 'true' } : {})}`;

export const sourcePath = (id: string): string => `${videoPath(id)}/source`;

/** One published rendition with the default sound, as one file. */
export const downloadPath = (id: string, rendition: string): string =>
  `${videoPath(id)}/download/${encodeURIComponent(rendition)}.mp4`;
