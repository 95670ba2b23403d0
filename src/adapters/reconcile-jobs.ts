import { sql } from 'kysely';
import type { JobId, VideoId } from '../domain/ids.ts';
import type { Repair } from '../domain/job-records.ts';
import type { LeaseDeps } from './lend-tasks.ts';
import type { Database } from './postgres.ts';
import { endLeases, endPauses, nameUnfit } from './reconcile-tasks.ts';
import { reconcileVideos } from './reconcile-videos.ts';
import { resumeTasks } from './start-jobs.ts';
import { cancelTasks, type Tx } from './transitions.ts';

/** Any number that nobody else takes a lock on. */
const RECONCILER_LOCK = 7_264_001;
/** Bounds a round; what is left comes in the next one. */
export const REPAIRS_PER_ROUND = 200;

/**
 * Puts right what no transition explains: rows changed by hand, restored from a backup, or left by a fault of ours.
 * One orchestrator at a time, which is only thrift: every repair looks again under its locks.
 */
export function reconcileJobs({ db, leaseMs }: LeaseDeps): Promise<Repair[]> {
  return db.transaction().execute(async (guard) => {
    const { rows } = await sql<{ alone: boolean }>`
      select pg_try_advisory_xact_lock(${RECONCILER_LOCK}) as alone
    `.execute(guard);
    if (!rows[0]?.alone) return [];
    return [
      ...(await endLeases(db, leaseMs)),
      ...(await endPauses(db)),
      ...(await cancelOrphans(db)),
      ...(await reconcileVideos(db)),
      ...(await resumeJobs(db)),
      ...(await nameUnfit(db)),
    ];
  });
}

async function cancelOrphans(db: Database): Promise<Repair[]> {
  const jobs = await db
    .selectFrom('jobs as j')
    .innerJoin('tasks as t', 't.job_id', 'j.id')
    .select(['j.id as jobId', 'j.video_id as videoId'])
    .distinct()
    .where('j.state', 'in', ['succeeded', 'failed', 'cancelled'])
    .where('t.state', 'in', ['queued', 'leased'])
    .limit(REPAIRS_PER_ROUND)
    .execute();
  const found = 'open tasks of a job that has ended';
  return eachLocked(db, jobs, async (tx, { jobId, videoId }) => {
    const job = await tx.selectFrom('jobs').select('state').where('id', '=', jobId).executeTakeFirst();
    if (job?.state === 'running' || job?.state === 'queued') return undefined;
    await cancelTasks(tx, jobId, found);
    return { videoId, jobId, found, done: 'cancelled' };
  });
}

async function resumeJobs(db: Database): Promise<Repair[]> {
  const jobs = await brokenJobs(db);
  return eachLocked(db, jobs, async (tx, { jobId, videoId }) => {
    const [still] = await brokenJobs(tx, jobId);
    if (!still) return undefined;
    await resumeTasks(tx, jobId, still.found);
    return { videoId, jobId, found: still.found, done: 'what is left of it was queued again' };
  });
}

type BrokenJob = { readonly jobId: JobId; readonly videoId: VideoId; readonly found: string };

/** Running jobs that would never end by themselves. */
async function brokenJobs(db: Database, only?: JobId): Promise<BrokenJob[]> {
  const { rows } = await sql<BrokenJob>`
    with running as (
      select j.id, j.video_id, j.plan is not null as planned, j.tasks_planned,
        count(t.id) filter (where t.state in ('queued', 'leased')) as open,
        count(t.id) filter (where t.state in ('queued', 'leased') and t.kind <> 'publish') as before_publish,
        count(t.id) filter (where t.state in ('dead', 'cancelled')) as given_up,
        count(t.id) filter (where t.state = 'done' and t.result is null) as without_result,
        count(t.id) filter (where t.kind <> 'probe') as tasks,
        count(t.id) filter (where t.kind = 'probe') as probes,
        count(t.id) filter (where t.kind = 'publish') as publishes,
        count(t.id) filter (where t.state = 'queued' and t.kind = 'publish' and t.blocked) as blocked,
        count(t.id) filter (where t.state = 'queued' and t.kind = 'publish' and not t.blocked) as unblocked,
        count(t.id) filter (where t.state = 'queued' and t.kind <> 'publish' and t.blocked) as held_up
      from jobs j left join tasks t on t.job_id = j.id
      where j.state = 'running' and (${only ?? null}::uuid is null or j.id = ${only ?? null}::uuid)
      group by j.id
    ), judged as (
      select id as "jobId", video_id as "videoId", case
        when open = 0 then 'a running job without an open task'
        when not planned and (tasks > 0 or probes <> 1) then 'tasks that no plan explains'
        when planned and (tasks <> coalesce(tasks_planned, 0) or publishes <> 1) then 'tasks that do not fit the plan'
        when given_up > 0 then 'given-up tasks of a running job'
        when without_result > 0 then 'a task done without a result'
        when blocked > 0 and before_publish = 0 then 'publish waiting for nothing'
        when unblocked > 0 and before_publish > 0 then 'publish ready before its time'
        when held_up > 0 then 'a task other than publish that waits for others'
      end as found
      from running
    )
    select * from judged where found is not null limit ${REPAIRS_PER_ROUND}
  `.execute(db);
  return rows;
}

/** Each in a transaction that holds the video's and the job's rows; what has mended itself meanwhile is left out. */
async function eachLocked<Of extends { jobId: JobId; videoId: VideoId }>(
  db: Database,
  jobs: readonly Of[],
  mend: (tx: Tx, of: Of) => Promise<Repair | undefined>,
): Promise<Repair[]> {
  const repairs: Repair[] = [];
  for (const of of jobs) {
    const repair = await db.transaction().execute(async (tx) => {
      await tx.selectFrom('videos').select('id').where('id', '=', of.videoId).forUpdate().execute();
      await tx.selectFrom('jobs').select('id').where('id', '=', of.jobId).forUpdate().execute();
      return mend(tx, of);
    });
    if (repair) repairs.push(repair);
  }
  return repairs;
}
