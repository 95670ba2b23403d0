import { type SqlBool, sql } from 'kysely';
import { DomainError } from '../domain/errors.ts';
import type { VideoId } from '../domain/ids.ts';
import type { Ingest, IngestRecords, NewIngest } from '../domain/ingest-records.ts';
import type { UploadGrant } from '../domain/upload-records.ts';
import { answered } from './database-outage.ts';
import { type Database, json } from './postgres.ts';
import { moveVideo, type Tx } from './transitions.ts';
import { startVideo } from './video-records.ts';

export type IngestRecordsOptions = { readonly db: Database; readonly leaseMs: number };

/** Ingests in PostgreSQL. All times are the database's own; rows are taken in the order video, upload. */
export function createIngestRecords({ db, leaseMs }: IngestRecordsOptions): IngestRecords {
  return {
    open: (ingest) => answered(() => db.transaction().execute((tx) => open(tx, ingest))),
    claim: () => answered(() => db.transaction().execute((tx) => claim(tx, leaseMs))),
    startAnew: (grant, validator) => answered(() => db.transaction().execute((tx) => startAnew(tx, grant, validator))),
    postpone: (grant, after) => answered(() => postpone(db, grant, after)),
    fail: (grant, error) => answered(() => db.transaction().execute((tx) => fail(tx, grant, error))),
  };
}

const fromNow = (ms: number) => sql<Date>`clock_timestamp() + make_interval(secs => ${ms / 1000})`;

async function open(tx: Tx, { uploadId, videoId, url, filename, title, deadlineMs }: NewIngest): Promise<void> {
  const contentType = 'application/octet-stream';
  await startVideo(tx, { videoId, filename, contentType, ...(title === undefined ? {} : { title }) });
  // The sweeper leaves uploads with an ingest alone: they end by its deadline.
  const upload = { id: uploadId, video_id: videoId, size_bytes: null, metadata: json({ filename }) };
  await tx
    .insertInto('uploads')
    .values({ ...upload, expires_at: fromNow(deadlineMs) })
    .execute();
  await tx
    .insertInto('ingests')
    .values({ upload_id: uploadId, url, deadline_at: fromNow(deadlineMs) })
    .execute();
}

async function claim(tx: Tx, leaseMs: number): Promise<{ ingest: Ingest; grant: UploadGrant } | undefined> {
  const due = await tx
    .selectFrom('ingests as i')
    .innerJoin('uploads as u', 'u.id', 'i.upload_id')
    .select(['u.id', 'u.video_id', 'i.url', 'i.validator', 'i.failures'])
    .select(sql<number>`extract(epoch from i.deadline_at - clock_timestamp())::float8 * 1000`.as('remaining_ms'))
    .where('u.finished_at', 'is', null)
    .where(sql<SqlBool>`i.not_before <= clock_timestamp()`)
    .where(sql<SqlBool>`(u.lock_until is null or u.lock_until < clock_timestamp())`)
    .orderBy('i.not_before')
    .limit(1)
    .forUpdate('u')
    .skipLocked()
    .executeTakeFirst();
  if (!due) return undefined;
  const { lock_token: token } = await tx
    .updateTable('uploads')
    .set({ lock_token: sql`lock_token + 1`, lock_until: fromNow(leaseMs), lock_wanted: false })
    .where('id', '=', due.id)
    .returning('lock_token')
    .executeTakeFirstOrThrow();
  const { id: uploadId, video_id: videoId, url, validator, failures, remaining_ms: remainingMs } = due;
  return { ingest: { uploadId, videoId, url, validator, failures, remainingMs }, grant: { uploadId, token } };
}

async function startAnew(tx: Tx, grant: UploadGrant, validator: string | null): Promise<void> {
  const videoId = await lockVideoOf(tx, grant);
  const reset = await held(tx, grant)
    .set({ whole_parts: 0, tail_bytes: 0, size_bytes: null })
    .where('finished_at', 'is', null)
    .executeTakeFirst();
  assertMoved(reset.numUpdatedRows);
  await tx.deleteFrom('source_parts').where('video_id', '=', videoId).execute();
  await tx.updateTable('ingests').set({ validator }).where('upload_id', '=', grant.uploadId).execute();
}

async function postpone(
  db: Database,
  { uploadId, token }: UploadGrant,
  { failures, waitMs }: { failures: number; waitMs: number },
): Promise<void> {
  await db
    .updateTable('ingests')
    .set({ failures, not_before: fromNow(waitMs) })
    .where('upload_id', '=', uploadId)
    .where('upload_id', 'in', (from) =>
      from.selectFrom('uploads').select('id').where('id', '=', uploadId).where('lock_token', '=', token),
    )
    .execute();
}

async function fail(tx: Tx, grant: UploadGrant, { code, message }: { code: string; message: string }): Promise<void> {
  const videoId = await lockVideoOf(tx, grant);
  const gone = await tx
    .deleteFrom('uploads')
    .where('id', '=', grant.uploadId)
    .where('lock_token', '=', grant.token)
    .where('finished_at', 'is', null)
    .executeTakeFirst();
  assertMoved(gone.numDeletedRows);
  await moveVideo(tx, videoId, 'failed', { reason: `${code}: ${message}` });
  await tx.updateTable('videos').set({ error_code: code, error_message: message }).where('id', '=', videoId).execute();
}

async function lockVideoOf(tx: Tx, { uploadId }: UploadGrant): Promise<VideoId> {
  const upload = await tx.selectFrom('uploads').select('video_id').where('id', '=', uploadId).executeTakeFirst();
  if (!upload) throw new DomainError('upload_lock_lost');
  await tx.selectFrom('videos').select('id').where('id', '=', upload.video_id).forUpdate().execute();
  return upload.video_id;
}

const held = (tx: Tx, { uploadId, token }: UploadGrant) =>
  tx.updateTable('uploads').where('id', '=', uploadId).where('lock_token', '=', token);

function assertMoved(rows: bigint): void {
  if (rows === 0n) throw new DomainError('upload_lock_lost');
}
