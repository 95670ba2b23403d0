import { sql } from 'kysely';
import { DomainError } from '../domain/errors.ts';
import { isVideoId, type VideoId } from '../domain/ids.ts';
import type { VideoQuery } from '../domain/ports.ts';
import type { TaskState } from '../domain/states.ts';
import { foldTitle } from '../domain/title.ts';
import type { JobResource, RenditionResource, VideoList, VideoResource } from '../domain/video-resource.ts';
import type { Database } from './postgres.ts';

/** Videos as callers see them: rows of several tables put together in two queries, however many videos. */
export async function findVideo(db: Database, videoId: VideoId): Promise<VideoResource | undefined> {
  const rows = await videoRows(db).where('v.id', '=', videoId).execute();
  const [resource] = rows.map(toResource);
  return resource;
}

export async function listVideos(db: Database, { limit, cursor, titlePart, state }: VideoQuery): Promise<VideoList> {
  let query = videoRows(db)
    .orderBy('v.created_at', 'desc')
    .orderBy('v.id', 'desc')
    .limit(limit + 1);
  if (cursor !== undefined) {
    const { at, id } = parseCursor(cursor);
    query = query.where(sql<boolean>`(v.created_at, v.id) < (${at}::timestamptz, ${id})`);
  }
  if (state !== undefined) query = query.where('v.state', '=', state);
  if (titlePart !== undefined) query = query.where(sql<boolean>`strpos(v.title_folded, ${foldTitle(titlePart)}) > 0`);
  const rows = await query.execute();
  const page = rows.slice(0, limit);
  const last = rows.length > limit ? page.at(-1) : undefined;
  return { videos: page.map(toResource), next: last ? `${last.created_at_us}_${last.id}` : null };
}

/** `<microseconds since 1970>_<video id>`: what PostgreSQL keeps, so that no video is skipped or shown twice. */
function parseCursor(cursor: string): { at: string; id: VideoId } {
  const [, us = '', id = ''] = /^(\d{1,17})_([0-9a-z]+)$/.exec(cursor) ?? [];
  if (!isVideoId(id)) throw new DomainError('bad_cursor');
  const microseconds = us.slice(-6).padStart(6, '0');
  const at = new Date(Number(us.slice(0, -6)) * 1000).toISOString().replace('.000Z', `.${microseconds}Z`);
  return { at, id };
}

const videoRows = (db: Database) =>
  db
    .selectFrom('videos as v')
    .leftJoinLateral(
      (eb) =>
        eb
          .selectFrom('jobs')
          .select(['jobs.id', 'jobs.generation', 'jobs.state', 'jobs.error_code', 'jobs.error_message'])
          .whereRef('video_id', '=', 'v.id')
          .orderBy('generation', 'desc')
          .limit(1)
          .as('j'),
      (join) => join.onTrue(),
    )
    .selectAll('v')
    .select([
      'j.id as job_id',
      'j.generation as job_generation',
      'j.state as job_state',
      'j.error_code as job_error_code',
      'j.error_message as job_error_message',
      sql<string>`(extract(epoch from v.created_at) * 1000000)::bigint::text`.as('created_at_us'),
      sql<{ state: TaskState; tasks: number; failures: number }[] | null>`(
        select jsonb_agg(t) from (
          select state, count(*) as tasks, max(failures) as failures from tasks where job_id = j.id group by state
        ) t)`.as('task_counts'),
      sql<RenditionResource[] | null>`(
        select jsonb_agg(jsonb_build_object('name', name, 'kind', kind, 'codec', codec, 'widthPx', width_px,
          'heightPx', height_px, 'frameRate', frame_rate, 'bandwidthBps', bandwidth_bps,
          'averageBandwidthBps', average_bandwidth_bps) order by kind desc, bandwidth_bps desc)
        from renditions r where r.video_id = v.id and r.generation = v.published_generation)`.as('renditions'),
    ]);

type VideoRow = Awaited<ReturnType<ReturnType<typeof videoRows>['execute']>>[number];

function toResource(row: VideoRow): VideoResource {
  return {
    id: row.id,
    title: row.title,
    state: row.state,
    createdAt: row.created_at.toISOString(),
    source: {
      filename: row.filename,
      contentType: row.content_type,
      sizeBytes: row.size_bytes ?? 0,
      contentId: row.content_id,
      durationSeconds: row.duration_seconds,
      widthPx: row.width_px,
      heightPx: row.height_px,
      frameRate: row.frame_rate,
    },
    job: toJob(row),
    renditions: row.renditions ?? [],
    playback: row.published_generation === null ? null : playbackOf(row.id),
    error: toError(row.error_code, row.error_message),
  };
}

const playbackOf = (id: VideoId) => ({
  hls: `/play/${id}/index.m3u8`,
  dash: `/play/${id}/manifest.mpd`,
  poster: null,
});

const toError = (code: string | null, message: string | null) =>
  code === null ? null : { code, message: message ?? code };

function toJob(row: VideoRow): JobResource | null {
  if (row.job_id === null || row.job_generation === null || row.job_state === null) return null;
  const tasks: Record<TaskState, number> = { queued: 0, leased: 0, done: 0, dead: 0, cancelled: 0 };
  let failures = 0;
  for (const count of row.task_counts ?? []) {
    tasks[count.state] = count.tasks;
    failures = Math.max(failures, count.failures);
  }
  return {
    id: row.job_id,
    generation: row.job_generation,
    state: row.job_state,
    progress: progressOf(row.job_state === 'succeeded', tasks),
    tasks,
    attempts: failures + 1,
    error: toError(row.job_error_code, row.job_error_message),
  };
}

/** The probe alone is no progress that a person would notice: the rest is not even planned then. */
function progressOf(isSucceeded: boolean, tasks: Record<TaskState, number>): number {
  if (isSucceeded) return 1;
  const planned = tasks.queued + tasks.leased + tasks.done - 1;
  return planned <= 0 ? 0 : Math.min(Math.max(tasks.done - 1, 0) / planned, 0.99);
}
