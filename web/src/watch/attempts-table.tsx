import { type Column, DataTable } from '../shared/data-table.tsx';
import { formatSpan } from '../shared/format.ts';
import type { Attempt } from './attempts-of.ts';
import { lasted, OUTCOME_WORDS, workOf } from './describe-attempt.ts';
import type { Work } from './use-work.ts';

type Props = { attempts: readonly Attempt[]; tasks: Work['tasks']; nowMs: number };

/** A browser shows so many rows well; a longer job is told by `millrace explain`. */
const MOST_ROWS = 500;

/** What the chart shows, in words. */
export function AttemptsTable({ attempts, tasks, nowMs }: Props) {
  const firstMs = attempts[0]?.startMs ?? 0;
  const columns: readonly Column<Attempt>[] = [
    { name: 'Task', cell: ({ kind }) => kind },
    { name: 'Makes', cell: ({ taskId }) => workOf(tasks.get(taskId)) || '–' },
    { name: 'Worker', cell: ({ worker }) => worker },
    { name: 'Attempt', is: 'number', cell: ({ number }) => number },
    { name: 'Began after', is: 'number', cell: ({ startMs }) => formatSpan((startMs - firstMs) / 1000) },
    { name: 'Took', is: 'number', cell: (attempt) => lasted(attempt, nowMs) },
    { name: 'Came to', cell: cameTo },
  ];
  const keyOf = ({ taskId, number, startMs }: Attempt): string => `${taskId} ${number} ${startMs}`;
  return (
    <div data-testid="attempts">
      <DataTable label="Attempts" columns={columns} rows={attempts.slice(0, MOST_ROWS)} keyOf={keyOf} isTall />
    </div>
  );
}

const cameTo = ({ outcome, reason }: Attempt) => (
  <div className={`outcome outcome-${outcome}`}>
    {OUTCOME_WORDS[outcome]}
    {reason !== null && ` · ${reason}`}
  </div>
);
