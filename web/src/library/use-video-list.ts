import { useRef, useState } from 'react';
import type { VideoList, VideoResource } from '../../../src/domain/video-resource.ts';
import { isMissing } from '../api/problem.ts';
import { getVideo, listVideos } from '../api/videos.ts';
import { useEvents } from '../shared/use-events.ts';
import { usePolling } from '../shared/use-polling.ts';
import { appendPage, isUnderWay, type LoadedVideos, mergeFirstPage, replaceVideo } from './merge-videos.ts';
import { libraryPath, type VideoFilter } from './parse-filter.ts';

const PAGE_VIDEOS = 25;
/** Videos of later pages that are asked for one by one in each round. */
const SINGLE_MOST = 10;

type Answer = { readonly first: VideoList; readonly singles: readonly Single[] };
type Single = { readonly id: string; readonly video: VideoResource | undefined };

export type VideoListState = {
  readonly loaded: LoadedVideos | undefined;
  /** Why the last request failed; undefined when it did not. */
  readonly failure: unknown;
  refresh(): void;
  loadMore(): Promise<void>;
  /** Shows what a request of ours has changed before the server is asked again. */
  replace(id: string, video: VideoResource | undefined): void;
};

/**
 * The library, kept fresh: its first page whole, of later pages whatever is still being processed. Under another filter
 * what was loaded stays until the first answer comes.
 */
export function useVideoList(filter: VideoFilter): VideoListState {
  const [loaded, setLoaded] = useState<LoadedVideos>();
  const [failure, setFailure] = useState<unknown>();
  const subject = libraryPath(filter);
  const known = useRef<LoadedVideos & { readonly subject: string }>(undefined);
  const knownHere = (): LoadedVideos | undefined => (known.current?.subject === subject ? known.current : undefined);

  function change(next: LoadedVideos): void {
    known.current = { ...next, subject };
    setLoaded(next);
  }

  const refresh: () => void = usePolling<Answer>(subject, {
    load: (signal) => loadFresh(knownHere(), filter, signal),
    isTold: () => stands(),
    isLive: ({ first, singles }) =>
      first.videos.some(isUnderWay) || singles.some(({ video }) => video && isUnderWay(video)),
    onAnswer: ({ first, singles }) => {
      const merged = mergeFirstPage(knownHere(), first);
      change(singles.reduce((all, { id, video }) => replaceVideo(all, id, video), merged));
      setFailure(undefined);
    },
    onFailure: setFailure,
  });
  const stands = useEvents('/events', { changed: refresh }, refresh);

  return {
    loaded,
    failure,
    refresh,
    loadMore: async () => {
      const cursor = knownHere()?.next;
      if (!cursor) return;
      const page = await listVideos({ ...filter, limit: PAGE_VIDEOS, cursor });
      const before = knownHere();
      if (before) change(appendPage(before, page));
    },
    replace: (id, video) => {
      const before = knownHere();
      if (before) change(replaceVideo(before, id, video));
      refresh();
    },
  };
}

async function loadFresh(known: LoadedVideos | undefined, filter: VideoFilter, signal: AbortSignal): Promise<Answer> {
  const first = await listVideos({ ...filter, limit: PAGE_VIDEOS }, signal);
  const inFirst = new Set(first.videos.map(({ id }) => id));
  const later = known?.videos.filter((video) => !inFirst.has(video.id) && isUnderWay(video)) ?? [];
  const singles = await Promise.all(later.slice(0, SINGLE_MOST).map(({ id }) => getSingle(id, signal)));
  return { first, singles };
}

async function getSingle(id: string, signal: AbortSignal): Promise<Single> {
  try {
    return { id, video: await getVideo(id, signal) };
  } catch (error) {
    if (!isMissing(error)) throw error;
    return { id, video: undefined };
  }
}
