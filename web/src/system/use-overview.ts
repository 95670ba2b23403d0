import { useState } from 'react';
import type { JobEntry, TaskEntry, WorkerEntry } from '../../../src/domain/job-lists.ts';
import { getFailedJobs, getOpenTasks, getWorkers } from '../api/work.ts';
import { useEvents } from '../shared/use-events.ts';
import { usePolling } from '../shared/use-polling.ts';

const MOST_FAILURES = 8;

export type Overview = {
  readonly workers: readonly WorkerEntry[];
  readonly open: readonly TaskEntry[];
  readonly failures: readonly JobEntry[];
};

/** Who works on what, what waits, and what failed last, kept fresh. */
export function useOverview(): { overview: Overview | undefined; failure: unknown } {
  const [overview, setOverview] = useState<Overview>();
  const [failure, setFailure] = useState<unknown>();
  const refresh: () => void = usePolling<Overview>('overview', {
    load: loadOverview,
    isLive: ({ open }) => open.length > 0,
    // Workers come and go without an event.
    isTold: () => false,
    onAnswer: (fresh) => {
      setOverview(fresh);
      setFailure(undefined);
    },
    onFailure: setFailure,
  });
  useEvents('/events', { changed: refresh }, refresh);
  return { overview, failure };
}

async function loadOverview(signal: AbortSignal): Promise<Overview> {
  const [{ workers }, { tasks }, { jobs }] = await Promise.all([
    getWorkers(signal),
    getOpenTasks(signal),
    getFailedJobs(MOST_FAILURES, signal),
  ]);
  return { workers, open: tasks, failures: jobs };
}
