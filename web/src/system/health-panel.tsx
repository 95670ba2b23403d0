import { useState } from 'react';
import { getHealth, type HealthReport } from '../api/health.ts';
import { formatSpan } from '../shared/format.ts';
import { usePolling } from '../shared/use-polling.ts';

/** Whether the role that answers here, and what it needs, is well. Asked for by itself: it matters most when others fail. */
export function HealthPanel() {
  const [health, setHealth] = useState<HealthReport>();
  usePolling<HealthReport>('health', {
    load: getHealth,
    isLive: ({ status }) => status !== 'ok',
    isTold: () => false,
    onAnswer: setHealth,
    // The page says that the server is away.
    onFailure: () => setHealth(undefined),
  });
  return (
    <section className="panel panel-wide" data-testid="health">
      <div className="panel-head">
        <h2>Health</h2>
        <span className="panel-aside">
          {health && `${health.role} ${health.version}, up for ${formatSpan(health.uptimeSeconds)}`}
        </span>
      </div>
      <ul className="checks">
        {Object.entries(health?.checks ?? {}).map(([name, { status, detail }]) => (
          <li key={name}>
            <span className={`badge badge-${status === 'ok' ? 'ready' : 'failed'}`}>
              <span className="badge-dot" aria-hidden="true" />
              {CHECK_NAMES.get(name) ?? name}
            </span>
            {status !== 'ok' && <span className="error-text">{detail ?? 'failing'}</span>}
          </li>
        ))}
      </ul>
    </section>
  );
}

const CHECK_NAMES: ReadonlyMap<string, string> = new Map([
  ['database', 'Database'],
  ['objectStore', 'Object store'],
]);
