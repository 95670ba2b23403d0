import type { VideoList, VideoResource } from '../../../src/domain/video-resource.ts';
import { requestJson } from './request-json.ts';

const videoPath = (id: string): string => `/videos/${encodeURIComponent(id)}`;

export const getVideo = async (id: string, signal: AbortSignal): Promise<VideoResource> =>
  (await requestJson(videoPath(id), { signal })) as VideoResource;

/** Newest first. `cursor` is the `next` of the page before. */
export async function listVideos(
  { limit, cursor }: { limit: number; cursor?: string },
  signal?: AbortSignal,
): Promise<VideoList> {
  const query = new URLSearchParams({ limit: String(limit), ...(cursor === undefined ? {} : { cursor }) });
  return (await requestJson(`/videos?${query}`, signal ? { signal } : {})) as VideoList;
}

export async function renameVideo(id: string, title: string): Promise<void> {
  await requestJson(videoPath(id), { method: 'PATCH', body: { title } });
}

export async function deleteVideo(id: string): Promise<void> {
  await requestJson(videoPath(id), { method: 'DELETE' });
}

export async function processVideo(id: string): Promise<void> {
  await requestJson(`${videoPath(id)}/process`, { method: 'POST', body: {} });
}

/** Goes on where it stopped; what was done is not done again. */
export async function retryJob(jobId: string): Promise<void> {
  await requestJson(`/jobs/${encodeURIComponent(jobId)}/retry`, { method: 'POST' });
}

export async function cancelJob(jobId: string): Promise<void> {
  await requestJson(`/jobs/${encodeURIComponent(jobId)}/cancel`, { method: 'POST' });
}

export const eventsPath = (id: string): string => `${videoPath(id)}/events`;

export const sourcePath = (id: string): string => `${videoPath(id)}/source`;
