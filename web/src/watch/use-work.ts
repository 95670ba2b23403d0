import { useRef, useState } from 'react';
import type { TaskEntry } from '../../../src/domain/job-lists.ts';
import type { TimelineEvent } from '../../../src/domain/video-events.ts';
import { getTasksOf, getTimeline, MOST_ROWS } from '../api/work.ts';
import { usePolling } from '../shared/use-polling.ts';

/** What a page keeps of a video that was processed over and over: the latest. */
const MOST_KEPT = 20_000;
const MOST_PAGES = MOST_KEPT / MOST_ROWS;

export type Work = {
  /** Everything that happened to the video, in order. */
  readonly events: readonly TimelineEvent[];
  /** What each task makes, by its id. */
  readonly tasks: ReadonlyMap<string, TaskEntry>;
};

const NOTHING: Work = { events: [], tasks: new Map() };

/**
 * What is and was done for a video. After the first time only what is new is asked for.
 * @returns undefined until the first answer, whatever it is; and the way to ask at once: whoever listens to the video
 *   rings
 */
export function useWork(videoId: string): { work: Work | undefined; refresh: () => void } {
  const [work, setWork] = useState<Work>();
  const known = useRef(NOTHING);
  const refresh: () => void = usePolling<Work>(`work ${videoId}`, {
    load: (signal) => loadSince(videoId, known.current, signal),
    isLive: () => false,
    isTold: () => true,
    onAnswer: (fresh) => {
      known.current = fresh;
      setWork(fresh);
    },
    // The page says that the server is away, and what is known stays.
    onFailure: () => setWork(known.current),
  });
  return { work, refresh };
}

async function loadSince(videoId: string, { events, tasks }: Work, signal: AbortSignal): Promise<Work> {
  const fresh = await eventsAfter(videoId, events.at(-1)?.id ?? 0, signal);
  // Only the latest job is shown task by task.
  const stranger = fresh.findLast(({ taskId }) => taskId !== null && !tasks.has(taskId));
  const found = stranger?.jobId ? await tasksOf(stranger.jobId, signal) : [];
  const entries = found.map((task) => [task.id, task] as const);
  return { events: [...events, ...fresh].slice(-MOST_KEPT), tasks: new Map([...tasks, ...entries]) };
}

async function tasksOf(jobId: string, signal: AbortSignal): Promise<readonly TaskEntry[]> {
  const found: TaskEntry[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < MOST_PAGES; page++) {
    const { tasks, next } = await getTasksOf(jobId, cursor, signal);
    found.push(...tasks);
    if (next === null) break;
    cursor = next;
  }
  return found;
}

async function eventsAfter(videoId: string, after: number, signal: AbortSignal): Promise<readonly TimelineEvent[]> {
  const found: TimelineEvent[] = [];
  for (let page = 0, from: number | null = after; from !== null && page < MOST_PAGES; page++) {
    const { events, next } = await getTimeline(videoId, from, signal);
    found.push(...events);
    from = next;
  }
  return found;
}
