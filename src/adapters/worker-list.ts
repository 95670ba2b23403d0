import { sql } from 'kysely';
import type { WorkerEntry, WorkerList } from '../domain/job-lists.ts';
import type { Database } from './postgres.ts';

/** More are not shown; rows of workers that have left go after a while. */
const MOST_WORKERS = 2_000;

/** Every worker that has a row, connected ones first, with the tasks that it holds. */
export async function listWorkers(db: Database): Promise<WorkerList> {
  const rows = await db
    .selectFrom('workers as w')
    .selectAll('w')
    .select(
      sql<WorkerEntry['tasks'] | null>`(
        select jsonb_agg(jsonb_build_object('id', t.id, 'jobId', t.job_id, 'videoId', t.video_id, 'kind', t.kind,
          'attempt', t.attempt, 'startedAt', t.started_at) order by t.started_at)
        from tasks t where t.session = w.session and t.state = 'leased')`.as('tasks'),
    )
    .orderBy(sql`disconnected_at is not null`)
    .orderBy('w.worker')
    .orderBy('w.connected_at')
    .limit(MOST_WORKERS)
    .execute();
  const workers = rows.map(
    (row): WorkerEntry => ({
      worker: row.worker,
      session: row.session,
      version: row.version,
      cores: row.cores,
      memoryMib: row.memory_mib,
      encoders: [...row.encoders],
      orchestrator: row.orchestrator,
      connectedAt: row.connected_at.toISOString(),
      disconnectedAt: row.disconnected_at?.toISOString() ?? null,
      seenAt: row.seen_at.toISOString(),
      tasks: row.tasks ?? [],
    }),
  );
  return { workers };
}
