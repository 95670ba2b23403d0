import { useState } from 'react';
import type { TaskEntry } from '../../../src/domain/job-lists.ts';
import { getSystem, type System } from '../api/system.ts';
import { getOpenTasks } from '../api/work.ts';
import { useEvents } from '../shared/use-events.ts';
import { usePolling } from '../shared/use-polling.ts';

export type Overview = {
  readonly system: System;
  /** Those that run or wait; undefined while the database does not answer. */
  readonly open: readonly TaskEntry[] | undefined;
};

/** What there is, what it does and what waits, kept fresh. */
export function useOverview(): { overview: Overview | undefined; failure: unknown } {
  const [overview, setOverview] = useState<Overview>();
  const [failure, setFailure] = useState<unknown>();
  const refresh: () => void = usePolling<Overview>('overview', {
    load: loadOverview,
    isLive: ({ system }) => system.queue === null || system.queue.tasks.leased > 0,
    // Nobody tells when a process comes or goes.
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
  const system = await getSystem(signal);
  const open = system.queue === null ? undefined : (await getOpenTasks(signal)).tasks;
  return { system, open };
}
