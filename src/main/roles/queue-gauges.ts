import type { Registry } from 'prom-client';
import type { QueueAges } from '../../adapters/queue-ages.ts';
import type { QueueCounts } from '../../adapters/queue-counts.ts';
import { Coalescer } from '../../lib/coalesce.ts';
import { metersIn } from '../../lib/meters.ts';

type Queue = { readonly countQueue: () => Promise<QueueCounts>; readonly queueAges: () => Promise<QueueAges> };
type Seen = readonly [QueueCounts, QueueAges];

const UNKNOWN: Seen = [
  {
    jobs: { queued: Number.NaN, running: Number.NaN },
    tasks: { queued: Number.NaN, waiting: Number.NaN, leased: Number.NaN },
  },
  { job: Number.NaN, waitingTask: Number.NaN },
];

/** Open work of the whole platform: every orchestrator tells the same, so take the largest of them and not their sum. */
export function addQueueGauges(registry: Registry, { countQueue, queueAges }: Queue): void {
  // All three are read by one request: once is enough. /health names a database that is away.
  const looks = new Coalescer<Seen>();
  const look = (): Promise<Seen> =>
    looks.run('queue', () => Promise.all([countQueue(), queueAges()]).catch(() => UNKNOWN)).value;
  const { readings } = metersIn(registry);
  readings('millrace_open_jobs', 'Open jobs by state.', 'state', async () => (await look())[0].jobs);
  readings(
    'millrace_open_tasks',
    'Open tasks by state; waiting: those of the queued ones that could begin at once.',
    'state',
    async () => (await look())[0].tasks,
  );
  readings(
    'millrace_oldest_seconds',
    'Age of the oldest open job, and how long the task that has waited longest could have begun; 0 where there is none.',
    'of',
    async () => {
      const [, { job, waitingTask }] = await look();
      return { job, waiting_task: waitingTask };
    },
  );
}

type Lines = { readonly workers: { readonly size: number }; readonly line: { readonly size: number } };

/** Of this orchestrator alone: add them up. */
export function addWorkerGauges(registry: Registry, { workers, line }: Lines): void {
  const { reading } = metersIn(registry);
  reading('millrace_workers_connected', 'Workers that hold a connection to this orchestrator.', () => workers.size);
  reading('millrace_claims_waiting', 'Claims of workers that wait here for a task.', () => line.size);
}
