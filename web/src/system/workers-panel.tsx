import type { TaskEntry, WorkerEntry } from '../../../src/domain/job-lists.ts';
import { PageLink } from '../navigation/page-link.tsx';
import { type Column, DataTable } from '../shared/data-table.tsx';
import { formatAge, formatSpan } from '../shared/format.ts';
import { workOf } from '../watch/describe-attempt.ts';

type Props = { workers: readonly WorkerEntry[]; tasks: readonly TaskEntry[]; nowMs: number };

/** Rows of workers that have left go after a while; so many are shown. */
const MOST_SHOWN = 100;

/** Who is connected, and what each does. */
export function WorkersPanel({ workers, tasks, nowMs }: Props) {
  const connected = workers.filter(({ disconnectedAt }) => disconnectedAt === null);
  const here = new Set(connected.map(({ worker }) => worker));
  // One that came back is not gone, though its row of before stays for a while.
  const shown = workers.filter((one) => one.disconnectedAt === null || !here.has(one.worker));
  return (
    <section className="panel panel-wide" data-testid="workers">
      <div className="panel-head">
        <h2>Workers</h2>
        <span className="panel-aside">{connected.length} connected</span>
      </div>
      {workers.length === 0 ? (
        <p className="panel-empty">None has ever connected. Videos wait until one does.</p>
      ) : (
        <DataTable
          label="Workers"
          columns={columnsOf(tasks, nowMs)}
          rows={shown.slice(0, MOST_SHOWN)}
          keyOf={({ session }) => session}
          classOf={({ disconnectedAt }) => (disconnectedAt === null ? '' : 'row-gone')}
        />
      )}
    </section>
  );
}

const columnsOf = (tasks: readonly TaskEntry[], nowMs: number): readonly Column<WorkerEntry>[] => [
  { name: 'Worker', cell: ({ worker }) => worker },
  { name: 'State', cell: (worker) => <WorkerBadge worker={worker} /> },
  { name: 'Does', is: 'worker-does', cell: (worker) => <Does worker={worker} tasks={tasks} nowMs={nowMs} /> },
  { name: 'Cores', is: 'number', cell: ({ cores }) => cores },
  { name: 'Version', cell: ({ version }) => version },
  { name: 'Orchestrator', cell: ({ orchestrator }) => orchestrator },
  { name: 'Since', cell: ({ disconnectedAt, connectedAt }) => formatAge(disconnectedAt ?? connectedAt, nowMs) },
];

function WorkerBadge({ worker: { disconnectedAt, tasks } }: { worker: WorkerEntry }) {
  const [kind, word] = badgeOf(disconnectedAt !== null, tasks.length);
  return (
    <span className={`badge badge-${kind}`}>
      <span className="badge-dot" aria-hidden="true" />
      {word}
    </span>
  );
}

function badgeOf(isGone: boolean, held: number): readonly [string, string] {
  if (isGone) return ['failed', 'Gone'];
  return held > 0 ? ['processing', 'Busy'] : ['ready', 'Idle'];
}

function Does({ worker, tasks, nowMs }: { worker: WorkerEntry; tasks: readonly TaskEntry[]; nowMs: number }) {
  if (worker.tasks.length === 0) return <span className="soft">–</span>;
  return (
    <ul>
      {worker.tasks.map(({ id, videoId, kind, attempt, startedAt }) => (
        <li key={id}>
          <PageLink href={`/watch/${videoId}`}>{kind}</PageLink>{' '}
          <span className="soft">
            {[
              workOf(tasks.find((task) => task.id === id)),
              attempt > 1 ? `attempt ${attempt}` : '',
              startedAt === null ? '' : formatSpan(Math.max(0, (nowMs - Date.parse(startedAt)) / 1000)),
            ]
              .filter(Boolean)
              .join(' · ')}
          </span>
        </li>
      ))}
    </ul>
  );
}
