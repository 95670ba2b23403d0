import type { TaskEntry } from '../../../src/domain/job-lists.ts';
import { queueFacts } from './queue-facts.ts';

/** How much is being done and how much waits. */
export function QueuePanel({ tasks }: { tasks: readonly TaskEntry[] }) {
  const { running, waiting, blocked, paused, kinds } = queueFacts(tasks);
  const numbers = [
    ['Running', running],
    ['Waiting', waiting],
    ['For other tasks', blocked],
    ['Paused', paused],
  ] as const;
  return (
    <section className="panel panel-wide" data-testid="queue">
      <h2>Queue</h2>
      <dl className="numbers">
        {numbers.map(([name, count]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{count}</dd>
          </div>
        ))}
      </dl>
      <p className="panel-note">
        {kinds.length === 0
          ? 'Nothing is to be done.'
          : kinds.map(({ kind, running: now, waiting: later }) => `${kind}: ${inWords(now, later)}`).join(' · ')}
      </p>
    </section>
  );
}

const inWords = (running: number, waiting: number): string =>
  [running > 0 && `${running} running`, waiting > 0 && `${waiting} waiting`].filter(Boolean).join(', ');
