import { useState } from 'react';
import type { VideoResource } from '../../../src/domain/video-resource.ts';
import { getVideo } from '../api/videos.ts';
import { isUnderWay } from '../library/merge-videos.ts';
import { usePolling } from '../shared/use-polling.ts';

export type VideoView = {
  readonly video: VideoResource | undefined;
  /** Why the last request failed; undefined when it did not. */
  readonly failure: unknown;
  refresh(): void;
};

/** One video, kept fresh while the page shows it. */
export function useVideo(videoId: string): VideoView {
  const [video, setVideo] = useState<VideoResource>();
  const [failure, setFailure] = useState<unknown>();
  const refresh = usePolling<VideoResource>(videoId, {
    load: (signal) => getVideo(videoId, signal),
    isLive: isUnderWay,
    onAnswer: (fresh) => {
      setVideo(fresh);
      setFailure(undefined);
    },
    onFailure: setFailure,
  });
  return { video, failure, refresh };
}
