import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import type { JobId } from '../domain/ids.ts';
import type { PlannedTask } from '../domain/job-records.ts';
import { LINE_LAG_SECONDS, probeTask } from '../domain/task-order.ts';
import { json } from './postgres.ts';
import type { Tx } from './transitions.ts';

/**
 * The head of the line is the first task that waits, urgent ones and those too far behind left out; now, where nobody
 * waits. Who comes new is put there, beside whoever waits already (task-order.ts).
 */
export const HEAD_OF_LINE = sql<Date>`least(clock_timestamp(), (
  select due_at from tasks
  where state = 'queued' and not blocked and kind <> 'publish'
    and due_at >= clock_timestamp() - ${LINE_LAG_SECONDS}::float8 * interval '1 second'
  order by due_at limit 1
))`;

/** Inserts tasks; one of kind publish waits for all the others given with it. One statement, however many. */
export async function addTasks(tx: Tx, jobId: JobId, planned: readonly PlannedTask[]): Promise<void> {
  const rows = planned.map(({ spec, dueSeconds, needs }) => ({
    id: randomUUID(),
    video_id: spec.source.videoId,
    kind: spec.kind,
    spec,
    due_seconds: dueSeconds,
    memory_mib: needs.memoryMib,
    encoders: needs.encoders,
    blocked: spec.kind === 'publish' && planned.length > 1,
  }));
  await sql`
    with line as materialized (
      select ${HEAD_OF_LINE} as head
    ), added as (
      insert into tasks (id, job_id, video_id, kind, spec, state, blocked, memory_mib, encoders, due_at)
      select id, ${jobId}, video_id, kind, spec, 'queued', blocked, memory_mib, encoders,
        case when due_seconds < 0 then clock_timestamp() else head end + due_seconds * interval '1 second'
      from line, jsonb_to_recordset(${json(rows)}::jsonb) as t (id uuid, video_id text, kind text, spec jsonb,
        due_seconds float8, memory_mib integer, encoders text[], blocked boolean)
      returning *
    )
    insert into events (subject, video_id, job_id, task_id, to_state, reason)
    select 'task', video_id, job_id, id, state, kind from added order by due_at, id
  `.execute(tx);
}

/** What every job begins with. */
export async function addProbe(tx: Tx, jobId: JobId): Promise<void> {
  const job = await tx
    .selectFrom('jobs as j')
    .innerJoin('videos as v', 'v.id', 'j.video_id')
    .select(['v.id as videoId', 'v.size_bytes as sizeBytes', 'j.generation'])
    .where('j.id', '=', jobId)
    .executeTakeFirstOrThrow();
  const { videoId, sizeBytes, generation } = job;
  await addTasks(tx, jobId, [probeTask({ videoId, sizeBytes: sizeBytes ?? 0 }, generation)]);
}
