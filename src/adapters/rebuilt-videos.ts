import { sql } from 'kysely';
import type { AboutPublished, AboutVideo, AddOutcome, RebuiltRecords, RebuiltVideo } from '../domain/about-video.ts';
import type { VideoId } from '../domain/ids.ts';
import { foldTitle } from '../domain/title.ts';
import { queueJob } from './job-control.ts';
import { type Database, json } from './postgres.ts';
import { storeRenditions } from './settle-tasks.ts';
import { NOW, type Tx, writeEvent } from './transitions.ts';

const REASON = 'rebuilt from the object store';

/** Rows of videos, made again from what the bucket tells. Those that stand stay, unless they are older. */
export const createRebuiltRecords = (db: Database): RebuiltRecords => ({
  async countVideos() {
    const count = db.selectFrom('videos').select((eb) => eb.fn.countAll<number>().as('videos'));
    return (await count.executeTakeFirstOrThrow()).videos;
  },
  add: (video) => db.transaction().execute((tx) => add(tx, video)),
  async versionOf(videoId) {
    const row = db.selectFrom('videos').select('about_version').where('id', '=', videoId);
    return (await row.executeTakeFirst())?.about_version;
  },
  async published(after, limit) {
    const rows = await db
      .selectFrom('videos')
      .select('id')
      .where('published_generation', 'is not', null)
      .where('id', '>', after as VideoId)
      .orderBy('id')
      .limit(limit)
      .execute();
    return rows.map(({ id }) => id);
  },
});

async function add(tx: Tx, video: RebuiltVideo): Promise<AddOutcome> {
  const { id, version, contentId } = video.about;
  const standing = await tx
    .selectFrom('videos')
    .select('about_version')
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst();
  if (standing && standing.about_version >= version) return 'known';
  const removed = await tx.selectFrom('removed_videos').select('id').where('id', '=', id).executeTakeFirst();
  if (removed) return 'deleted';
  const same = await tx.selectFrom('videos').select('id').where('content_id', '=', contentId).executeTakeFirst();
  if (same && same.id !== id) return 'same_content';
  // Its jobs, tasks, parts and captions go with it: the file holds all of them that count.
  await tx.deleteFrom('videos').where('id', '=', id).execute();
  await insertVideo(tx, video);
  return standing ? 'replaced' : 'added';
}

async function insertVideo(tx: Tx, { about, visibility, highestGeneration }: RebuiltVideo): Promise<void> {
  const { id, published, error } = about;
  const state = published ? 'ready' : error ? 'failed' : 'uploaded';
  await insertRow(tx, about, { state, visibility });
  await insertParts(tx, about);
  for (const captions of about.captions)
    await tx
      .insertInto('captions')
      .values({ video_id: id, ...captions })
      .execute();
  await writeEvent(tx, { subject: 'video', video_id: id, from_state: null, to_state: state }, { reason: REASON });
  if (published) await insertPublished(tx, id, published);
  if (highestGeneration > (published?.generation ?? 0)) await insertLostJob(tx, id, highestGeneration);
  if (state === 'uploaded') await queueJob(tx, id, REASON);
}

type Standing = { readonly state: 'ready' | 'failed' | 'uploaded'; readonly visibility: RebuiltVideo['visibility'] };

async function insertRow(tx: Tx, about: AboutVideo, { state, visibility }: Standing): Promise<void> {
  await tx
    .insertInto('videos')
    .values({
      id: about.id,
      title: about.title,
      title_folded: foldTitle(about.title),
      filename: about.filename,
      content_type: about.contentType,
      state,
      visibility,
      size_bytes: about.parts.reduce((sum, part) => sum + part.sizeBytes, 0),
      content_id: about.contentId,
      duration_seconds: about.durationSeconds,
      width_px: about.widthPx,
      height_px: about.heightPx,
      frame_rate: about.frameRate,
      published_generation: about.published?.generation ?? null,
      error_code: about.error?.code ?? null,
      error_message: about.error?.message ?? null,
      created_at: new Date(about.createdAt),
      about_version: about.version,
      about_due_at: NOW,
      // An orchestrator looks whether the published playlists are as they should be.
      playlists_due_at: about.published ? NOW : null,
    })
    .execute();
}

/** One parameter, however many parts there are. */
async function insertParts(tx: Tx, { id, parts }: AboutVideo): Promise<void> {
  const rows = parts.map(({ sizeBytes, sha256 }, part) => ({ part, size_bytes: sizeBytes, sha256 }));
  await sql`
    insert into source_parts (video_id, part, size_bytes, sha256)
    select ${id}, part, size_bytes, sha256
    from jsonb_to_recordset(${json(rows)}::jsonb) as p (part integer, size_bytes integer, sha256 text)
  `.execute(tx);
}

async function insertPublished(tx: Tx, videoId: VideoId, published: AboutPublished): Promise<void> {
  const { jobId, generation, plan, ladder, tasks, renditions } = published;
  await tx
    .insertInto('jobs')
    .values({
      id: jobId,
      video_id: videoId,
      generation,
      state: 'succeeded',
      plan: json(plan),
      ladder: ladder && json(ladder),
      tasks_planned: tasks.filter(({ spec }) => spec.kind !== 'probe').length,
      created_at: new Date(published.createdAt),
      started_at: timeOf(published.startedAt),
      ended_at: timeOf(published.endedAt),
    })
    .execute();
  await insertTasks(tx, videoId, published);
  await storeRenditions(tx, { videoId, generation }, renditions);
}

const timeOf = (iso: string | null): Date | null => (iso === null ? null : new Date(iso));

/** In the order of the file, which is that of the line. */
async function insertTasks(tx: Tx, videoId: VideoId, { jobId, createdAt, tasks }: AboutPublished): Promise<void> {
  const rows = tasks.map(({ taskId, startedAt, endedAt, ...task }, order) => ({
    ...task,
    id: taskId,
    started_at: startedAt,
    ended_at: endedAt,
    order,
  }));
  await sql`
    insert into tasks
      (id, job_id, video_id, kind, spec, state, attempt, failures, worker, result, due_at, started_at, ended_at)
    select id, ${jobId}, ${videoId}, spec->>'kind', spec, 'done', attempt, failures, worker, result,
      ${createdAt}::timestamptz + "order" * interval '1 millisecond', started_at, ended_at
    from jsonb_to_recordset(${json(rows)}::jsonb) as t (id uuid, spec jsonb, attempt integer, failures integer,
      worker text, result jsonb, "order" integer, started_at timestamptz, ended_at timestamptz)
  `.execute(tx);
}

/** Of a processing that was under way there are objects only: the next one gets a generation, and keys, of its own. */
async function insertLostJob(tx: Tx, videoId: VideoId, generation: number): Promise<void> {
  const lost = { error_code: 'job_cancelled', error_message: 'The database was lost while the job was there.' };
  await sql`
    insert into jobs (id, video_id, generation, state, error_code, error_message, ended_at)
    values (gen_random_uuid(), ${videoId}, ${generation}, 'cancelled', ${lost.error_code}, ${lost.error_message}, ${NOW})
  `.execute(tx);
}
