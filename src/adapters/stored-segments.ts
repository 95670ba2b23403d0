import { sql } from 'kysely';
import { DomainError } from '../domain/errors.ts';
import type { JobId } from '../domain/ids.ts';
import type { TaskRef } from '../domain/job-records.ts';
import type { StoredRendition, StoredSegment } from '../domain/tasks.ts';
import { type Database, json } from './postgres.ts';
import type { Tx } from './transitions.ts';

/** What stands in the store of jobs under way. Only while nothing of the video is published: then nothing grows. */

/** @throws DomainError lease_lost */
export async function reportStored(tx: Tx, { taskId, token }: TaskRef, renditions: readonly StoredRendition[]) {
  const task = await tx
    .selectFrom('tasks')
    .select('job_id')
    .where('id', '=', taskId)
    .where('state', '=', 'leased')
    .where('attempt', '=', token)
    .executeTakeFirst();
  if (!task) throw new DomainError('lease_lost');
  await addStored(tx, task.job_id, renditions);
}

/**
 * The job's row comes first, as everywhere: reports of one job are noted one after another. One statement, since all
 * others of the job wait for its end.
 */
export async function addStored(tx: Tx, jobId: JobId, renditions: readonly StoredRendition[]): Promise<void> {
  const rows = renditions.map(({ segments: _, ...rendition }) => rendition);
  const segments = renditions.flatMap(({ rendition, segments }) => segments.map((one) => ({ ...one, rendition })));
  await sql`
    with counted as (
      update jobs j set reports = reports + 1 from videos v
      where j.id = ${jobId} and v.id = j.video_id and v.published_generation is null
      returning j.id
    ), noted as (
      insert into stored_renditions (job_id, rendition, codec, timescale, init_sha256, init_size_bytes)
      select distinct on (rendition) counted.id, rendition, codec, timescale, "initSha256", "initSizeBytes"
      from counted, jsonb_to_recordset(${json(rows)}::jsonb) as r
        (rendition text, codec text, timescale integer, "initSha256" text, "initSizeBytes" integer)
      on conflict do nothing
    )
    insert into stored_segments (job_id, rendition, segment, size_bytes, duration_ticks)
    select counted.id, rendition, segment, "sizeBytes", "durationTicks"
    from counted, jsonb_to_recordset(${json(segments)}::jsonb) as s
      (rendition text, segment integer, "sizeBytes" integer, "durationTicks" integer)
    on conflict do nothing
  `.execute(tx);
}

export async function storedOf(db: Database, jobId: JobId, renditions: readonly string[]): Promise<StoredRendition[]> {
  if (renditions.length === 0) return [];
  const rows = await db
    .selectFrom('stored_renditions as r')
    .select((eb) => [
      'rendition',
      'codec',
      'timescale',
      'init_sha256 as initSha256',
      'init_size_bytes as initSizeBytes',
      sql<StoredSegment[]>`coalesce((
        select jsonb_agg(jsonb_build_object('segment', segment, 'sizeBytes', size_bytes,
          'durationTicks', duration_ticks) order by segment)
        from stored_segments s where s.job_id = ${eb.ref('r.job_id')} and s.rendition = ${eb.ref('r.rendition')}
      ), '[]')`.as('segments'),
    ])
    .where('job_id', '=', jobId)
    .where('rendition', 'in', [...renditions])
    .execute();
  return rows;
}
