import { useRef, useState } from 'react';
import type { VideoList, VideoResource } from '../../../src/domain/video-resource.ts';
import { isMissing } from '../api/problem.ts';
import { getVideo, listVideos } from '../api/videos.ts';
import { useEvents } from '../shared/use-events.ts';
import { usePolling } from '../shared/use-polling.ts';
import { appendPage, isUnderWay, type LoadedVideos, mergeFirstPage, replaceVideo } from './merge-videos.ts';

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

/** The library, kept fresh: its first page whole, of later pages whatever is still being processed. */
export function useVideoList(): VideoListState {
  const [loaded, setLoaded] = useState<LoadedVideos>();
  const [failure, setFailure] = useState<unknown>();
  const known = useRef<LoadedVideos>(undefined);

  function change(next: LoadedVideos): void {
    known.current = next;
    setLoaded(next);
  }

  const refresh: () => void = usePolling<Answer>('library', {
    load: (signal) => loadFresh(known.current, signal),
    isTold: () => stands(),
    isLive: ({ first, singles }) =>
      first.videos.some(isUnderWay) || singles.some(({ video }) => video && isUnderWay(video)),
    onAnswer: ({ first, singles }) => {
      const merged = mergeFirstPage(known.current, first);
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
      const cursor = known.current?.next;
      if (!cursor) return;
      const page = await listVideos({ limit: PAGE_VIDEOS, cursor });
      if (known.current) change(appendPage(known.current, page));
    },
    replace: (id, video) => {
      if (known.current) change(replaceVideo(known.current, id, video));
      refresh();
    },
  };
}

async function loadFresh(known: LoadedVideos | undefined, signal: AbortSignal): Promise<Answer> {
  const first = await listVideos({ limit: PAGE_VIDEOS }, signal);
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
