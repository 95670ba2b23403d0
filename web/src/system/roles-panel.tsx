import type { RoleEntry } from '../api/system.ts';
import { formatSpan } from '../shared/format.ts';

/** Every process that is known, whether it can do its work, and what keeps it from it. */
export const RolesPanel = ({ roles }: { roles: readonly RoleEntry[] }) => (
  <section className="panel panel-wide" data-testid="roles">
    <h2>Roles</h2>
    <ul className="role-list">
      {roles.map((role) => (
        <li key={`${role.name} ${role.role}`}>
          <span className={`badge badge-${BADGES[role.status]}`}>
            <span className="badge-dot" aria-hidden="true" />
            {STATUS_WORDS[role.status]}
          </span>
          <span className="role-name">{role.name}</span>
          <span className="soft">{factsOf(role)}</span>
          {faultsOf(role).map((fault) => (
            <span key={fault} className="error-text role-fault">
              {fault}
            </span>
          ))}
        </li>
      ))}
    </ul>
  </section>
);

/** Its kind, where its name does not say it already, and how long it has been up. */
const factsOf = ({ name, role, uptimeSeconds }: RoleEntry): string =>
  [
    ...(role === null || name.startsWith(role) ? [] : [role]),
    ...(uptimeSeconds === null ? [] : [`up ${formatSpan(uptimeSeconds)}`]),
  ].join(' · ');

const faultsOf = ({ checks }: RoleEntry): readonly string[] =>
  Object.entries(checks)
    .filter(([, { status }]) => status !== 'ok')
    .map(([name, { status, detail }]) => `${name}: ${detail ?? status}`);

const STATUS_WORDS: Readonly<Record<RoleEntry['status'], string>> = {
  ok: 'Healthy',
  degraded: 'Degraded',
  draining: 'Draining',
  failing: 'Failing',
  silent: 'Silent',
};

const BADGES: Readonly<Record<RoleEntry['status'], string>> = {
  ok: 'ready',
  degraded: 'processing',
  draining: 'processing',
  failing: 'failed',
  silent: 'failed',
};
