import type { JobEntry } from '../../../src/domain/job-lists.ts';
import { PageLink } from '../navigation/page-link.tsx';
import { formatAge } from '../shared/format.ts';

/** What failed last, and why. */
export const FailuresPanel = ({ jobs, nowMs }: { jobs: readonly JobEntry[]; nowMs: number }) => (
  <section className="panel panel-wide" data-testid="failures">
    <h2>Recent failures</h2>
    {jobs.length === 0 && <p className="panel-empty">None.</p>}
    <ul className="failure-list">
      {jobs.map(({ id, videoId, title, error, endedAt, createdAt }) => (
        <li key={id}>
          <PageLink href={`/watch/${videoId}`} className="failure-title">
            {title}
          </PageLink>
          <span className="failure-text">
            {error && <code>{error.code}</code>} {error?.message}
          </span>
          <time className="soft" dateTime={endedAt ?? createdAt}>
            {formatAge(endedAt ?? createdAt, nowMs)}
          </time>
        </li>
      ))}
    </ul>
  </section>
);
