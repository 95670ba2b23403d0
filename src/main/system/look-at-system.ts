import type { QueueCounts } from '../../adapters/queue-counts.ts';
import type { JobLists } from '../../domain/job-lists.ts';
import type { HealthReport } from '../../lib/health.ts';
import type { EdgeUse } from '../../route/playback-router.ts';
import type { KnownRole } from '../known-roles.ts';
import { askJson } from './ask-json.ts';
import { type EdgeEntry, edgeStatusSchema, healthSchema, type RoleEntry, type System } from './system-schema.ts';

export type SystemDeps = {
  readonly jobLists: Pick<JobLists, 'jobs' | 'workers'>;
  readonly countQueue: () => Promise<QueueCounts>;
  /** This process, under its name. */
  readonly own: { readonly name: string; readonly health: () => Promise<HealthReport> };
  /** Other processes, edges among them. */
  readonly listRoles: () => Promise<readonly KnownRole[]>;
  /** Of the router in this process; undefined where it has none. */
  readonly edgeUses: (() => readonly EdgeUse[]) | undefined;
};

const MOST_FAILURES = 10;
/** Those beyond are left out: each is asked, each time. */
const MOST_ROLES = 200;

/** What there is, asked for at once; whatever does not answer is said to be silent, and holds up nothing. */
export async function lookAtSystem(deps: SystemDeps): Promise<System> {
  const uses = deps.edgeUses?.() ?? [];
  const others = withoutTwins([...(await deps.listRoles()), ...uses]).slice(0, MOST_ROLES);
  const [own, work, ...roles] = await Promise.all([deps.own.health(), lookAtWork(deps), ...others.map(lookAtRole)]);
  const edges = others.filter(({ name }, i) => roles[i]?.role === 'edge' || uses.some((use) => use.name === name));
  return {
    version: own.version,
    roles: [{ ...own, name: deps.own.name }, ...roles],
    edges: await Promise.all(edges.map((edge) => lookAtEdge(edge, uses))),
    ...work,
  };
}

const withoutTwins = (roles: readonly KnownRole[]): KnownRole[] => [
  ...new Map(roles.map((role) => [role.url, role])).values(),
];

async function lookAtRole({ name, url }: KnownRole): Promise<RoleEntry> {
  const health = await askJson(`${url}/health`, healthSchema);
  if (!health) return { name, role: null, status: 'silent', version: null, uptimeSeconds: null, checks: {} };
  const status = STANDINGS.find((known) => known === health.status) ?? 'failing';
  return { ...health, name, status };
}

const STANDINGS = ['ok', 'degraded', 'draining', 'failing'] as const;

async function lookAtEdge({ name, url }: KnownRole, uses: readonly EdgeUse[]): Promise<EdgeEntry> {
  const standing = uses.find((use) => use.name === name)?.standing ?? null;
  return { name, standing, status: (await askJson(`${url}/status`, edgeStatusSchema)) ?? null };
}

type Work = Pick<System, 'workers' | 'queue' | 'failures'>;

async function lookAtWork({ jobLists, countQueue }: SystemDeps): Promise<Work> {
  try {
    const [{ workers }, queue, { jobs }] = await Promise.all([
      jobLists.workers(),
      countQueue(),
      jobLists.jobs({ limit: MOST_FAILURES, state: 'failed' }),
    ]);
    return { workers, queue, failures: jobs };
  } catch {
    // The health of this process says so, and why: what else there is is wanted most just then.
    return { workers: null, queue: null, failures: null };
  }
}
