import type { PageClock } from '../shared/clock.ts';
import { ConnectionNote, failureText } from '../shared/connection-note.tsx';
import { Notice } from '../shared/notice.tsx';
import { TopBar } from '../shared/top-bar.tsx';
import { useNow } from '../shared/use-now.ts';
import { useTitle } from '../shared/use-title.ts';
import { FailuresPanel } from './failures-panel.tsx';
import { HealthPanel } from './health-panel.tsx';
import { QueuePanel } from './queue-panel.tsx';
import { type Overview, useOverview } from './use-overview.ts';
import { WorkersPanel } from './workers-panel.tsx';

/** What the platform does at this moment, and whether all of it is there. */
export function SystemPage({ clock }: { clock: PageClock }) {
  useTitle('System');
  const { overview, failure } = useOverview();
  return (
    <>
      <TopBar here="system" />
      <main className="page">
        <div className="page-head">
          <h1>System</h1>
          <ConnectionNote failure={overview && failure} />
        </div>
        <div className="details">
          <HealthPanel />
          {overview && <Panels overview={overview} clock={clock} />}
        </div>
        {!overview && failure !== undefined && (
          <Notice icon="offline" title="The rest cannot be shown" role="alert">
            <p>{failureText(failure)}</p>
          </Notice>
        )}
      </main>
    </>
  );
}

function Panels({ overview: { workers, open, failures }, clock }: { overview: Overview; clock: PageClock }) {
  const nowMs = useNow(clock, open.length > 0);
  return (
    <>
      <QueuePanel tasks={open} />
      <WorkersPanel workers={workers} tasks={open} nowMs={nowMs} />
      <FailuresPanel jobs={failures} nowMs={nowMs} />
    </>
  );
}
