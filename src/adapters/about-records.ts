import { sql } from 'kysely';
import {
  ABOUT_FORMAT,
  type AboutPublished,
  type AboutRecords,
  type AboutVideo,
  type DueAbout,
} from '../domain/about-video.ts';
import type { ContentId, VideoId } from '../domain/ids.ts';
import type { RenditionResource } from '../domain/video-resource.ts';
import { answered } from './database-outage.ts';
import { errorOf } from './job-resource.ts';
import type { Database } from './postgres.ts';

/** Writing takes a moment. Whoever needs longer, or fails, leaves it to the next one. */
const LEASE = sql`interval '30 seconds'`;

/** What is written beside the objects of videos, as their rows tell it. */
export const createAboutRecords = (db: Database): AboutRecords => ({
  next: () => answered(() => next(db)),
  read: (videoId) => answered(() => read(db, videoId)),
  done: (due) => answered(() => done(db, due)),
});

async function next(db: Database): Promise<DueAbout | undefined> {
  const { rows } = await sql<DueAbout>`
    update videos set about_due_at = clock_timestamp() + ${LEASE}
    where id = (
      select id from videos where about_due_at <= clock_timestamp()
      order by about_due_at limit 1 for update skip locked
    )
    returning id as "videoId", about_version as version, about_due_at::text as until
  `.execute(db);
  return rows[0];
}

async function done(db: Database, { videoId, version, until }: DueAbout): Promise<'kept' | 'gone'> {
  const { rows } = await sql`
    update videos set about_due_at = case
      when about_version = ${version} and about_due_at = ${until}::timestamptz then null else clock_timestamp()
    end
    where id = ${videoId} returning id
  `.execute(db);
  return rows.length > 0 ? 'kept' : 'gone';
}

async function read(db: Database, videoId: VideoId): Promise<AboutVideo | undefined> {
  const video = await db.selectFrom('videos').selectAll().where('id', '=', videoId).executeTakeFirst();
  if (!video || video.content_id === null) return undefined;
  const parts = await db
    .selectFrom('source_parts')
    .select(['size_bytes as sizeBytes', 'sha256'])
    .where('video_id', '=', videoId)
    .orderBy('part')
    .execute();
  const captions = await db
    .selectFrom('captions')
    .select(['language', 'label', 'origin', 'webvtt'])
    .where('video_id', '=', videoId)
    .orderBy('language')
    .execute();
  return {
    format: ABOUT_FORMAT,
    version: video.about_version,
    id: videoId,
    title: video.title,
    filename: video.filename,
    contentType: video.content_type,
    createdAt: video.created_at.toISOString(),
    contentId: video.content_id as ContentId,
    durationSeconds: video.duration_seconds,
    widthPx: video.width_px,
    heightPx: video.height_px,
    frameRate: video.frame_rate,
    error: errorOf(video.error_code, video.error_message),
    parts,
    captions,
    published: await publishedOf(db, videoId, video.published_generation),
  };
}

async function publishedOf(db: Database, videoId: VideoId, generation: number | null): Promise<AboutPublished | null> {
  if (generation === null) return null;
  const job = await db
    .selectFrom('jobs')
    .selectAll()
    .where('video_id', '=', videoId)
    .where('generation', '=', generation)
    .executeTakeFirst();
  if (!job?.plan) return null;
  const tasks = await db
    .selectFrom('tasks')
    .select(['id', 'spec', 'result', 'attempt', 'failures', 'worker', 'started_at', 'ended_at'])
    .where('job_id', '=', job.id)
    .where('state', '=', 'done')
    .orderBy('due_at')
    .orderBy('id')
    .execute();
  return {
    jobId: job.id,
    generation,
    plan: job.plan,
    ladder: job.ladder,
    createdAt: job.created_at.toISOString(),
    startedAt: isoOf(job.started_at),
    endedAt: isoOf(job.ended_at),
    tasks: tasks.map(({ id, started_at, ended_at, ...task }) => ({
      taskId: id,
      ...task,
      startedAt: isoOf(started_at),
      endedAt: isoOf(ended_at),
    })),
    renditions: await renditionsOf(db, videoId, generation),
  };
}

const isoOf = (time: Date | null): string | null => time?.toISOString() ?? null;

const renditionsOf = (db: Database, videoId: VideoId, generation: number): Promise<RenditionResource[]> =>
  db
    .selectFrom('renditions')
    .select(['name', 'kind', 'codec', 'width_px as widthPx', 'height_px as heightPx', 'frame_rate as frameRate'])
    .select(['bandwidth_bps as bandwidthBps', 'average_bandwidth_bps as averageBandwidthBps'])
    .where('video_id', '=', videoId)
    .where('generation', '=', generation)
    .orderBy('name')
    .execute();
