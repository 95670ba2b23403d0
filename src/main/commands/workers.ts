import type { WorkerEntry, WorkerList } from '../../domain/job-lists.ts';
import { apiCall } from './api-call.ts';
import { parseClientArgs } from './client-args.ts';
import { SHORT_ID_LENGTH } from './find-job.ts';
import { ageOf, orSayWhy, printJson, widthMost } from './show.ts';
import { table } from './table.ts';

/** `millrace workers`: who is connected to which orchestrator, and what they hold. */
export function workers(args: readonly string[]): Promise<void> {
  const { values, server } = parseClientArgs(args, { json: { type: 'boolean' } }, ([extra]) =>
    extra === undefined ? undefined : `workers does not know "${extra}".`,
  );
  return orSayWhy(async () => {
    const list = (await apiCall(`${server}/workers`)) as WorkerList;
    if (values.json) return printJson(list);
    if (list.workers.length === 0) return console.log('There are no workers.');
    console.log(workerTable(list.workers, Date.now(), widthMost()));
  });
}

export function workerTable(entries: readonly WorkerEntry[], nowMs: number, width: number): string {
  const columns = [
    { head: 'WORKER', least: 8 },
    { head: 'STATE' },
    { head: 'FOR', right: true },
    { head: 'SEEN', right: true },
    { head: 'CORES', right: true },
    { head: 'MEMORY', right: true },
    { head: 'TASK', least: 8 },
    { head: 'ORCHESTRATOR', least: 5 },
    { head: 'VERSION' },
    { head: 'ENCODERS', least: 5 },
  ] as const;
  const rows = entries.map((worker) => [
    worker.worker,
    stateOf(worker),
    ageOf(worker.disconnectedAt ?? worker.connectedAt, nowMs),
    ageOf(worker.seenAt, nowMs),
    String(worker.cores),
    `${(worker.memoryMib / 1024).toFixed(1)} GiB`,
    worker.tasks.map(({ kind, jobId }) => `${kind} ${jobId.slice(0, SHORT_ID_LENGTH)}`).join(', '),
    worker.orchestrator,
    worker.version,
    worker.encoders.join(' '),
  ]);
  return table(columns, rows, width);
}

function stateOf({ disconnectedAt, tasks }: WorkerEntry): string {
  if (disconnectedAt !== null) return 'gone';
  return tasks.length > 0 ? 'busy' : 'idle';
}
