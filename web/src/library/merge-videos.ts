import type { JobResource, VideoList, VideoResource } from '../../../src/domain/video-resource.ts';

/** All videos that were loaded, newest first, and where the next page begins. */
export type LoadedVideos = { readonly videos: readonly VideoResource[]; readonly next: string | null };

/**
 * Puts a fresh first page in front of what was loaded of later pages. What is older than the fresh page stays;
 * what should be in it and is not was deleted.
 */
export function mergeFirstPage(loaded: LoadedVideos | undefined, fresh: VideoList): LoadedVideos {
  const oldest = fresh.videos.at(-1);
  if (!loaded || fresh.next === null || !oldest) return fresh;
  const known = new Set(fresh.videos.map(({ id }) => id));
  const older = loaded.videos.filter(({ id, createdAt }) => !known.has(id) && createdAt <= oldest.createdAt);
  if (older.length === 0) return fresh;
  return { videos: [...fresh.videos, ...older], next: loaded.next };
}

/** Appends a later page. A video that moved between pages meanwhile is not shown twice. */
export function appendPage(loaded: LoadedVideos, page: VideoList): LoadedVideos {
  const known = new Set(loaded.videos.map(({ id }) => id));
  return { videos: [...loaded.videos, ...page.videos.filter(({ id }) => !known.has(id))], next: page.next };
}

/** Puts newer facts of one video, or its absence, in place. */
export function replaceVideo(loaded: LoadedVideos, id: string, fresh: VideoResource | undefined): LoadedVideos {
  const videos = loaded.videos.flatMap((video) => (video.id !== id ? [video] : fresh ? [fresh] : []));
  return { ...loaded, videos };
}

/** Whether the server will still change it by itself. */
export const isUnderWay = (video: VideoResource): boolean =>
  (video.state !== 'ready' && video.state !== 'failed') || openJob(video) !== undefined;

/** The job that runs, or will. */
export const openJob = ({ job }: VideoResource): JobResource | undefined =>
  job?.state === 'queued' || job?.state === 'running' ? job : undefined;

/** The latest job, where it came to nothing and can be tried again. */
export const failedJob = ({ job }: VideoResource): JobResource | undefined =>
  job?.state === 'failed' || job?.state === 'cancelled' ? job : undefined;
