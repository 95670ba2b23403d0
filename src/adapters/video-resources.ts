import { sql } from 'kysely';
import { isVideoId, type VideoId } from '../domain/ids.ts';
import type { VideoQuery } from '../domain/ports.ts';
import { POSTER_NAME, STORYBOARD_NAME } from '../domain/storyboard.ts';
import type { ImagesResult } from '../domain/tasks.ts';
import { foldTitle } from '../domain/title.ts';
import type { JobResource, RenditionResource, VideoList, VideoResource } from '../domain/video-resource.ts';
import { errorOf, taskCountsOf, toJobResource } from './job-resource.ts';
import type { Database } from './postgres.ts';
import { cursorOf, parseTimeCursor } from './time-cursor.ts';

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
    const { at, id } = parseTimeCursor(cursor, isVideoId);
    query = query.where(sql<boolean>`(v.created_at, v.id) < (${at}::timestamptz, ${id})`);
  }
  if (state !== undefined) query = query.where('v.state', '=', state);
  if (titlePart !== undefined) query = query.where(sql<boolean>`strpos(v.title_folded, ${foldTitle(titlePart)}) > 0`);
  const rows = await query.execute();
  const page = rows.slice(0, limit);
  const last = rows.length > limit ? page.at(-1) : undefined;
  return { videos: page.map(toResource), next: last?.cursor ?? null };
}

const videoRows = (db: Database) =>
  db
    .selectFrom('videos as v')
    .leftJoinLateral(
      (eb) =>
        eb
          .selectFrom('jobs')
          .select([
            'jobs.id',
            'jobs.generation',
            'jobs.state',
            'jobs.error_code',
            'jobs.error_message',
            'jobs.error_tail',
          ])
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
      'j.error_tail as job_error_tail',
      cursorOf('v.created_at', 'v.id').as('cursor'),
      taskCountsOf('j.id').as('task_counts'),
      sql<RenditionResource[] | null>`(
        select jsonb_agg(jsonb_build_object('name', name, 'kind', kind, 'codec', codec, 'widthPx', width_px,
          'heightPx', height_px, 'frameRate', frame_rate, 'bandwidthBps', bandwidth_bps,
          'averageBandwidthBps', average_bandwidth_bps) order by kind desc, bandwidth_bps desc)
        from renditions r where r.video_id = v.id and r.generation = v.published_generation)`.as('renditions'),
      sql<ImagesResult | null>`(
        select t.result from tasks t join jobs played on played.id = t.job_id
        where played.video_id = v.id and played.generation = coalesce(v.published_generation, v.growing_generation)
          and t.kind = 'images' and t.state = 'done' limit 1)`.as('images'),
    ]);

type VideoRow = Awaited<ReturnType<ReturnType<typeof videoRows>['execute']>>[number];

function toResource(row: VideoRow): VideoResource {
  return {
    id: row.id,
    title: row.title,
    state: row.state,
    visibility: row.visibility,
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
    playback: playbackOf(row),
    error: errorOf(row.error_code, row.error_message),
  };
}

/** While a video is processed for the first time, it plays by playlists that grow; a DASH manifest that grows is not made. */
function playbackOf(row: VideoRow): VideoResource['playback'] {
  const { id, state, published_generation: published, growing_generation: growing, images } = row;
  const generation = published ?? (state === 'processing' ? growing : null);
  if (generation === null) return null;
  const image = (name: string): string => `/play/${id}/g${generation}/images/${name}`;
  return {
    hls: `/play/${id}/index.m3u8`,
    dash: published === null ? null : `/play/${id}/manifest.mpd`,
    poster: images?.poster ? image(POSTER_NAME) : null,
    storyboard: images?.storyboard ? image(STORYBOARD_NAME) : null,
  };
}

function toJob(row: VideoRow): JobResource | null {
  const { job_id, job_generation, job_state, task_counts } = row;
  if (job_id === null || job_generation === null || job_state === null) return null;
  return toJobResource({
    id: job_id,
    generation: job_generation,
    state: job_state,
    error_code: row.job_error_code,
    error_message: row.job_error_message,
    error_tail: row.job_error_tail,
    task_counts,
  });
}
