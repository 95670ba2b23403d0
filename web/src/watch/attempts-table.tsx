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
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard.
    <section className="table-scroll table-tall" tabIndex={0} aria-label="Attempts">
      <table data-testid="attempts">
        <thead>
          <tr>
            <th scope="col">Task</th>
            <th scope="col">Makes</th>
            <th scope="col">Worker</th>
            <th scope="col" className="number">
              Attempt
            </th>
            <th scope="col" className="number">
              Began after
            </th>
            <th scope="col" className="number">
              Took
            </th>
            <th scope="col">Came to</th>
          </tr>
        </thead>
        <tbody>
          {attempts.slice(0, MOST_ROWS).map((attempt) => (
            <tr key={`${attempt.taskId} ${attempt.number} ${attempt.startMs}`}>
              <th scope="row">{attempt.kind}</th>
              <td>{workOf(tasks.get(attempt.taskId)) || '–'}</td>
              <td>{attempt.worker}</td>
              <td className="number">{attempt.number}</td>
              <td className="number">{formatSpan((attempt.startMs - firstMs) / 1000)}</td>
              <td className="number">{lasted(attempt, nowMs)}</td>
              <td className={`outcome outcome-${attempt.outcome}`}>
                {OUTCOME_WORDS[attempt.outcome]}
                {attempt.reason !== null && ` · ${attempt.reason}`}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
