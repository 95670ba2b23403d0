import { sql } from 'kysely';
import type { JobId, VideoId } from '../domain/ids.ts';
import type { StartedJob } from '../domain/job-records.ts';
import { URGENT_LEAD_SECONDS } from '../domain/task-order.ts';
import { addProbe, HEAD_OF_LINE } from './add-tasks.ts';
import { cancelTasks, moveJob, moveVideo, type Tx, taskMayEnter } from './transitions.ts';

/** Queued jobs become running. */
export async function startQueuedJobs(tx: Tx, limit: number): Promise<StartedJob[]> {
  const queued = await tx
    .selectFrom('jobs')
    .innerJoin('videos', 'videos.id', 'jobs.video_id')
    .select(['jobs.id as jobId', 'jobs.video_id as videoId', 'jobs.generation'])
    .where('jobs.state', '=', 'queued')
    .orderBy('jobs.created_at')
    .limit(limit)
    .forUpdate()
    .skipLocked()
    .execute();
  for (const { jobId, videoId } of queued) await startJob(tx, jobId, videoId);
  return queued;
}

/** The caller holds the rows of both. */
async function startJob(tx: Tx, jobId: JobId, videoId: VideoId): Promise<void> {
  const none = { error_code: null, error_message: null };
  await moveVideo(tx, videoId, 'processing');
  await tx.updateTable('videos').set(none).where('id', '=', videoId).execute();
  await moveJob(tx, jobId, 'running');
  await tx
    .updateTable('jobs')
    .set({ ...none, error_tail: null })
    .where('id', '=', jobId)
    .execute();
  await resumeTasks(tx, jobId, 'its job began');
}

/**
 * Whatever is left to do for a running job stands in the line after this: what was given up is queued again, what is
 * done without a result is done again, and where the tasks do not fit the plan, the job begins again with its probe.
 * Workers keep what an earlier attempt stored. Also right for a job that lacks nothing.
 */
export async function resumeTasks(tx: Tx, jobId: JobId, reason: string): Promise<void> {
  if (await hasWholeGraph(tx, jobId)) await queueAgain(tx, jobId, reason);
  else await beginAgain(tx, jobId, reason);
}

/** Without a plan: a probe that will bring one. With a plan: as many tasks as it had, and one publish task. */
async function hasWholeGraph(tx: Tx, jobId: JobId): Promise<boolean> {
  const { rows } = await sql<{ whole: boolean }>`
    select case
      when j.plan is null then count(*) filter (where t.kind <> 'probe') = 0
        and count(*) filter (where t.kind = 'probe' and t.state <> 'done') = 1
      else count(*) filter (where t.kind <> 'probe') = coalesce(j.tasks_planned, 0)
        and count(*) filter (where t.kind = 'publish') = 1
      end as whole
    from jobs j left join tasks t on t.job_id = j.id where j.id = ${jobId} group by j.id
  `.execute(tx);
  return rows[0]?.whole ?? false;
}

/**
 * Publish that is done under a job that is not is done again, too: doing it twice does no harm.
 *
 * A job that was given up for days would stand before everybody who waits, with all of its tasks. So they move forward
 * together until the first of them is at the head of the line. Not the few urgent ones, which are told by how far they
 * stand before the publish task: that was put where the line stood when the job was planned, and stays there.
 */
async function queueAgain(tx: Tx, jobId: JobId, reason: string): Promise<void> {
  await sql`
    with again as materialized (
      select t.id, t.state, t.due_at, t.kind <> 'publish' and t.due_at >= (
          select due_at - ${URGENT_LEAD_SECONDS}::float8 * interval '1 second'
          from tasks where job_id = ${jobId} and kind = 'publish'
        ) as in_line
      from tasks t join jobs j on j.id = t.job_id
      where t.job_id = ${jobId} and (t.kind <> 'probe' or j.plan is null)
        and ((t.${taskMayEnter('queued')} and t.state <> 'leased')
          or (t.state = 'done' and (t.kind = 'publish' or t.result is null)))
      for update of t
    ), late as (
      select greatest(interval '0', ${HEAD_OF_LINE} - min(due_at)) as by from again where in_line
    ), queued as (
      update tasks t
      set state = 'queued', failures = 0, pauses = 0, lost_workers = '{}', shun_until = null, worker = null,
        session = null, not_before = clock_timestamp(), ended_at = null, result = null, paused_reason = null,
        error_code = null, error_message = null, error_tail = null,
        due_at = case when a.in_line then t.due_at + late.by else t.due_at end
      from again a, late where t.id = a.id
      returning t.*, a.state as was
    )
    insert into events (subject, video_id, job_id, task_id, attempt, from_state, to_state, reason)
    select 'task', video_id, job_id, id, attempt, was, state, ${reason} from queued order by due_at, id
  `.execute(tx);
  await sql`
    update tasks set blocked = kind = 'publish' and exists (
      select from tasks o where o.job_id = ${jobId} and o.kind <> 'publish' and o.state in ('queued', 'leased')
    ) where job_id = ${jobId} and state = 'queued'
  `.execute(tx);
}

async function beginAgain(tx: Tx, jobId: JobId, reason: string): Promise<void> {
  await cancelTasks(tx, jobId, reason);
  await tx.deleteFrom('tasks').where('job_id', '=', jobId).execute();
  await tx.updateTable('jobs').set({ plan: null, tasks_planned: null }).where('id', '=', jobId).execute();
  await addProbe(tx, jobId);
}
