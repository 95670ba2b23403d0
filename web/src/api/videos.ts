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

export const sourcePath = (id: string): string => `${videoPath(id)}/source`;
