import { useState } from 'react';
import type { JobResource, VideoResource } from '../../../src/domain/video-resource.ts';
import { eventsPath, getVideo } from '../api/videos.ts';
import { isUnderWay } from '../library/merge-videos.ts';
import { useEvents } from '../shared/use-events.ts';
import { usePolling } from '../shared/use-polling.ts';

export type VideoView = {
  readonly video: VideoResource | undefined;
  /** Why the last request failed; undefined when it did not. */
  readonly failure: unknown;
  refresh(): void;
};

/** One video, kept fresh while the page shows it. @param onEvent called when anything happened, also to a task of it */
export function useVideo(videoId: string, onEvent?: () => void): VideoView {
  const [video, setVideo] = useState<VideoResource>();
  const [failure, setFailure] = useState<unknown>();
  function show(fresh: VideoResource): void {
    setVideo(fresh);
    setFailure(undefined);
  }
  const refresh: () => void = usePolling<VideoResource>(videoId, {
    load: (signal) => getVideo(videoId, signal),
    isLive: isUnderWay,
    isTold: () => stands(),
    onAnswer: (fresh) => {
      show(fresh);
      onEvent?.();
    },
    onFailure: setFailure,
  });
  // Of a video that has come to rest, nothing is expected that could not wait for the next question.
  const path = video && isUnderWay(video) ? eventsPath(videoId, { tasks: onEvent !== undefined }) : undefined;
  const on = {
    snapshot: (fresh: unknown) => show(fresh as VideoResource),
    progress: (fresh: unknown) => setVideo((shown) => shown && withProgress(shown, fresh as Progress)),
    state: () => {
      refresh();
      onEvent?.();
    },
    task: () => onEvent?.(),
    deleted: refresh,
  };
  const stands = useEvents(path, on, refresh);
  return { video, failure, refresh };
}

/** What the stream tells between two states. */
type Progress = {
  readonly progress: number;
  readonly tasks: JobResource['tasks'] | null;
  readonly pausedReason: string | null;
  readonly playback: VideoResource['playback'];
};

function withProgress(video: VideoResource, { progress, tasks, pausedReason, playback }: Progress): VideoResource {
  if (!video.job || !tasks) return { ...video, playback };
  return { ...video, playback, job: { ...video.job, progress, tasks, pausedReason } };
}
