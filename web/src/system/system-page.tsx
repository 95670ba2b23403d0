import type { PageClock } from '../shared/clock.ts';
import { ConnectionNote, failureText } from '../shared/connection-note.tsx';
import { Notice } from '../shared/notice.tsx';
import { TopBar } from '../shared/top-bar.tsx';
import { useNow } from '../shared/use-now.ts';
import { useTitle } from '../shared/use-title.ts';
import { EdgesPanel } from './edges-panel.tsx';
import { FailuresPanel } from './failures-panel.tsx';
import { QueuePanel } from './queue-panel.tsx';
import { RolesPanel } from './roles-panel.tsx';
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
        {overview && <Panels overview={overview} clock={clock} />}
        {!overview && failure === undefined && <div className="panel panel-wide" aria-busy="true" />}
        {!overview && failure !== undefined && (
          <Notice icon="offline" title="The system cannot be shown" role="alert">
            <p>{failureText(failure)}</p>
          </Notice>
        )}
      </main>
    </>
  );
}

function Panels({ overview: { system, open }, clock }: { overview: Overview; clock: PageClock }) {
  const nowMs = useNow(clock, open !== undefined && open.length > 0);
  const { roles, edges, workers, failures } = system;
  return (
    <div className="details">
      <RolesPanel roles={roles} />
      {open && <QueuePanel tasks={open} />}
      {workers && <WorkersPanel workers={workers} tasks={open ?? []} nowMs={nowMs} />}
      <EdgesPanel edges={edges} />
      {failures && <FailuresPanel jobs={failures} nowMs={nowMs} />}
    </div>
  );
}
