import { sql } from 'kysely';
import pg from 'pg';
import { DomainError } from '../domain/errors.ts';
import type { VideoId } from '../domain/ids.ts';
import type { FinishedUpload, NewUpload, UploadOutcome, VideoRecords } from '../domain/ports.ts';
import { foldTitle } from '../domain/title.ts';
import { eachAnswered } from './database-outage.ts';
import { rememberAnswer } from './idempotency-keys.ts';
import { queueJob, requestJob, retryFailed } from './job-control.ts';
import { type Database, json } from './postgres.ts';
import { moveVideo, NOW, type Tx, writeEvent } from './transitions.ts';
import { closeUpload } from './upload-rows.ts';
import { findVideo, listVideos } from './video-resources.ts';
import { tellHolder } from './wake-ups.ts';

/** Videos and uploads in PostgreSQL. */
export function createVideoRecords(db: Database): VideoRecords {
  return eachAnswered<VideoRecords>({
    startUpload: (upload) => db.transaction().execute((tx) => startVideo(tx, upload)),
    finishUpload: (upload) => finishUpload(db, upload),
    abandonUpload: async (videoId) => {
      await db.deleteFrom('videos').where('id', '=', videoId).where('state', '=', 'uploading').execute();
    },
    find: (videoId) => findVideo(db, videoId),
    elderOf: async (videoId) => {
      const row = await db
        .selectFrom('video_aliases as a')
        .innerJoin('videos as v', 'v.id', 'a.video_id')
        .select('v.id')
        .where('a.id', '=', videoId)
        .executeTakeFirst();
      return row?.id;
    },
    list: (query) => listVideos(db, query),
    rename: async (videoId, title) => {
      const changed = await db
        .updateTable('videos')
        .set({ title, title_folded: foldTitle(title), updated_at: NOW })
        .where('id', '=', videoId)
        .executeTakeFirst();
      return changed.numUpdatedRows > 0n;
    },
    setVisibility: async (videoId, visibility) => {
      const changed = await db
        .updateTable('videos')
        .set({ visibility, updated_at: NOW })
        .where('id', '=', videoId)
        .executeTakeFirst();
      return changed.numUpdatedRows > 0n;
    },
    requestJob: (videoId, request) => db.transaction().execute((tx) => requestJob(tx, videoId, request)),
    uploadsOf: async (videoId) => {
      const rows = await db.selectFrom('uploads').select('id').where('video_id', '=', videoId).execute();
      return rows.map((row) => row.id);
    },
    remove: (videoId) => db.transaction().execute((tx) => remove(tx, videoId)),
  });
}

export async function startVideo(tx: Tx, { videoId, filename, contentType, title }: NewUpload): Promise<void> {
  const shown = title ?? titleOf(filename);
  const named = { title: shown, title_folded: foldTitle(shown), filename };
  await tx
    .insertInto('videos')
    .values({ id: videoId, ...named, content_type: contentType, state: 'uploading' })
    .execute();
  await writeEvent(tx, { subject: 'video', video_id: videoId, from_state: null, to_state: 'uploading' });
}

const titleOf = (filename: string): string => filename.replace(/\.[A-Za-z0-9]{1,5}$/, '') || filename;

/** The elder of two equal videos may be deleted just as the younger one finds it: then it is asked again. */
const TRIES = 5;

async function finishUpload(db: Database, upload: FinishedUpload) {
  for (let tries = 0; tries < TRIES; tries++) {
    const first = await db
      .transaction()
      .execute((tx) => becomeUploaded(tx, upload))
      .catch(nothingIfKnown);
    if (first) return { videoId: upload.videoId, state: 'uploaded', created: true, first } as const;
    const elder = await db.transaction().execute((tx) => becomeDuplicate(tx, upload));
    if (elder) return elder;
  }
  throw new Error(`the content of ${upload.videoId} came and went ${TRIES} times`);
}

function nothingIfKnown(error: unknown): undefined {
  if (isContentKnown(error)) return undefined;
  throw error;
}

const isContentKnown = (error: unknown): boolean =>
  error instanceof pg.DatabaseError && error.constraint === 'videos_content_id';

async function becomeUploaded(
  tx: Tx,
  { videoId, contentId, parts, upload, idempotencyKey }: FinishedUpload,
): Promise<UploadOutcome['first']> {
  if (!(await moveVideo(tx, videoId, 'uploaded'))) throw new DomainError(upload ? 'upload_lock_lost' : 'no_such_video');
  const rows = parts.map(({ sizeBytes, sha256 }, part) => ({ part, size_bytes: sizeBytes, sha256 }));
  const sizeBytes = sizeOf(parts);
  await closeUpload(tx, upload, { videoId, sizeBytes });
  const { uploadMs } = await tx
    .updateTable('videos')
    .set({ content_id: contentId, size_bytes: sizeBytes })
    .where('id', '=', videoId)
    .returning(sql<number>`(extract(epoch from clock_timestamp() - created_at) * 1000)::float8`.as('uploadMs'))
    .executeTakeFirstOrThrow();
  // One parameter, however many parts there are: a statement takes at most 65,535 of them.
  await sql`
    insert into source_parts (video_id, part, size_bytes, sha256)
    select ${videoId}, part, size_bytes, sha256
    from jsonb_to_recordset(${json(rows)}::jsonb) as p (part integer, size_bytes integer, sha256 text)
    on conflict do nothing -- a resumable upload has noted its whole parts before
  `.execute(tx);
  const jobId = await queueJob(tx, videoId, 'uploaded');
  await rememberAnswer(tx, idempotencyKey, { videoId, contentId, created: true });
  return { jobId, uploadMs: Math.round(uploadMs) };
}

const sizeOf = (parts: FinishedUpload['parts']): number => parts.reduce((sum, part) => sum + part.sizeBytes, 0);

export const UPLOADED_AGAIN = 'the same bytes were uploaded again';

/** The same bytes are a video already: the newcomer goes, and a failed elder gets another try. */
async function becomeDuplicate(tx: Tx, { videoId, contentId, parts, upload, idempotencyKey }: FinishedUpload) {
  const elder = await tx
    .selectFrom('videos')
    .select(['id', 'state'])
    .where('content_id', '=', contentId)
    .forUpdate()
    .executeTakeFirst();
  if (!elder) return undefined;
  await closeUpload(tx, upload, { videoId: elder.id, sizeBytes: sizeOf(parts) });
  await tx.deleteFrom('videos').where('id', '=', videoId).where('state', '=', 'uploading').execute();
  await tx
    .insertInto('video_aliases')
    .values({ id: videoId, video_id: elder.id })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  if (elder.state === 'failed') await retryFailed(tx, elder.id, UPLOADED_AGAIN);
  const answer = { videoId: elder.id, contentId, created: false };
  const { created } = await rememberAnswer(tx, idempotencyKey, answer);
  return { videoId: elder.id, state: elder.state, created };
}

/** Jobs, tasks, parts, renditions, uploads and keys go with the video's row; what has no reference to it goes here. */
async function remove(tx: Tx, videoId: VideoId): Promise<boolean> {
  await tx.selectFrom('videos').select('id').where('id', '=', videoId).forUpdate().execute();
  const held = await tx
    .selectFrom('tasks as t')
    .innerJoin('jobs as j', 'j.id', 't.job_id')
    .select(['t.id as taskId', 't.attempt as token', 't.session'])
    .where('t.state', '=', 'leased')
    .where('j.video_id', '=', videoId)
    .execute();
  for (const grant of held) await tellHolder(tx, grant);
  const gone = await tx.deleteFrom('videos').where('id', '=', videoId).executeTakeFirst();
  if (gone.numDeletedRows === 0n) return false;
  await tx.deleteFrom('events').where('video_id', '=', videoId).execute();
  // Those whose own objects may be left are forgotten by whoever sweeps these.
  await tx.deleteFrom('video_aliases').where('video_id', '=', videoId).where('objects_gone', '=', true).execute();
  await tx
    .insertInto('removed_videos')
    .values({ id: videoId })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  return true;
}
