import { sql } from 'kysely';
import { DomainError } from '../domain/errors.ts';
import type { ContentId, UploadId } from '../domain/ids.ts';
import { partCount } from '../domain/source.ts';
import type { KnownVideo, NewTransfer, UploadGrant, UploadRecords, UploadStep } from '../domain/upload-records.ts';
import { answered } from './database-outage.ts';
import { forgetVanished, removedVideos, vanishedVideos } from './gone-videos.ts';
import { retryFailed } from './job-control.ts';
import { type Database, json } from './postgres.ts';
import { findUpload, knownUploads, partsOf } from './upload-rows.ts';
import { startVideo, UPLOADED_AGAIN } from './video-records.ts';

export type UploadRecordsOptions = {
  readonly db: Database;
  /** How long a lock outlives its last renewal. */
  readonly leaseMs: number;
  /** How long an upload is kept without another byte. */
  readonly expiryMs: number;
};

/** Longer than removing the objects of the largest upload takes; another sweeper takes over after. */
const SWEEP_LEASE_MS = 60_000;

/**
 * Uploads in PostgreSQL. All times are the database's own, so that processes with wrong clocks agree. Rows are taken
 * in the order video, upload, so that nobody waits for each other.
 */
export function createUploadRecords({ db, leaseMs, expiryMs }: UploadRecordsOptions): UploadRecords {
  return {
    open: (transfer) => answered(() => open(db, transfer, { leaseMs, expiryMs })),
    openFinished: (transfer, known) => answered(() => openFinished(db, transfer, known, expiryMs)),
    find: (uploadId) => answered(() => findUpload(db, uploadId)),
    tryLock: (uploadId) => answered(() => tryLock(db, uploadId, leaseMs)),
    askHolder: (uploadId) =>
      answered(async () => {
        await db.updateTable('uploads').set({ lock_wanted: true }).where('id', '=', uploadId).execute();
      }),
    renew: (grant) => answered(() => renew(db, grant, leaseMs)),
    release: (grant) =>
      answered(async () => {
        await held(db, grant).set({ lock_until: null, lock_wanted: false }).execute();
      }),
    advance: (step) => answered(() => advance(db, step, expiryMs)),
    partsOf: (videoId) => answered(() => partsOf(db, videoId)),
    doom: (grant) =>
      answered(async () => {
        const doomed = await held(db, grant)
          .set({ expires_at: fromNow(-1) })
          .executeTakeFirst();
        assertMoved(doomed);
      }),
    remove: (grant) => answered(() => remove(db, grant)),
    claimExpired: (limit) => answered(() => claimExpired(db, limit)),
    known: (uploadIds) => answered(() => knownUploads(db, uploadIds)),
    vanishedVideos: (limit) => answered(() => vanishedVideos(db, limit)),
    forgetVanished: (videoId) => answered(() => forgetVanished(db, videoId)),
    removedVideos: (limit) => answered(() => removedVideos(db, limit)),
    forgetOldKeys: () =>
      answered(async () => {
        await db.deleteFrom('idempotency_keys').where('expires_at', '<', fromNow(0)).execute();
      }),
    videoOfContent: (contentId) => answered(() => videoOfContent(db, contentId)),
  };
}

const fromNow = (ms: number) => sql<Date>`clock_timestamp() + make_interval(secs => ${ms / 1000})`;

const held = (db: Database, { uploadId, token }: UploadGrant) =>
  db.updateTable('uploads').where('id', '=', uploadId).where('lock_token', '=', token);

function assertMoved({ numUpdatedRows }: { numUpdatedRows: bigint }): void {
  if (numUpdatedRows === 0n) throw new DomainError('upload_lock_lost');
}

const FIRST_TOKEN = 1;

function open(db: Database, transfer: NewTransfer, times: { leaseMs: number; expiryMs: number }): Promise<UploadGrant> {
  const { uploadId, videoId, sizeBytes, metadata, isResumable } = transfer;
  return db.transaction().execute(async (tx) => {
    await startVideo(tx, transfer);
    await tx
      .insertInto('uploads')
      .values({
        id: uploadId,
        video_id: videoId,
        size_bytes: sizeBytes,
        metadata: json(metadata),
        lock_token: FIRST_TOKEN,
        lock_until: fromNow(times.leaseMs),
        expires_at: fromNow(isResumable ? times.expiryMs : 0),
      })
      .execute();
    return { uploadId, token: FIRST_TOKEN };
  });
}

async function openFinished(
  db: Database,
  { uploadId, metadata }: Pick<NewTransfer, 'uploadId' | 'metadata'>,
  { videoId, sizeBytes }: KnownVideo,
  expiryMs: number,
): Promise<void> {
  await db
    .insertInto('uploads')
    .values({
      id: uploadId,
      video_id: videoId,
      size_bytes: sizeBytes,
      whole_parts: partCount(sizeBytes),
      metadata: json(metadata),
      expires_at: fromNow(expiryMs),
      finished_at: fromNow(0),
    })
    .execute();
}

async function tryLock(db: Database, uploadId: UploadId, leaseMs: number): Promise<UploadGrant | 'held' | 'missing'> {
  const granted = await db
    .updateTable('uploads')
    .set({ lock_token: sql`lock_token + 1`, lock_until: fromNow(leaseMs), lock_wanted: false })
    .where('id', '=', uploadId)
    .where(sql<boolean>`(lock_until is null or lock_until < clock_timestamp())`)
    .returning('lock_token')
    .executeTakeFirst();
  if (granted) return { uploadId, token: granted.lock_token };
  const row = await db.selectFrom('uploads').select('id').where('id', '=', uploadId).executeTakeFirst();
  return row ? 'held' : 'missing';
}

async function renew(db: Database, grant: UploadGrant, leaseMs: number): Promise<'held' | 'wanted'> {
  const row = await held(db, grant)
    .set({ lock_until: fromNow(leaseMs) })
    .returning('lock_wanted')
    .executeTakeFirst();
  if (!row) throw new DomainError('upload_lock_lost');
  return row.lock_wanted ? 'wanted' : 'held';
}

/** The digests and the offset that they make up change together, and only in the hands of the present holder. */
function advance(db: Database, step: UploadStep, expiryMs: number): Promise<{ expiresAtMs: number }> {
  const { grant, videoId, fromWholeParts, newParts, tailBytes, tailToken, sizeBytes } = step;
  return db.transaction().execute(async (tx) => {
    await tx.selectFrom('videos').select('id').where('id', '=', videoId).forKeyShare().execute();
    const row = await tx
      .updateTable('uploads')
      .set({
        whole_parts: fromWholeParts + newParts.length,
        tail_bytes: tailBytes,
        tail_token: tailToken,
        expires_at: fromNow(expiryMs),
        ...(sizeBytes === null ? {} : { size_bytes: sizeBytes }),
      })
      .where('id', '=', grant.uploadId)
      .where('lock_token', '=', grant.token)
      .where('whole_parts', '=', fromWholeParts)
      .where('finished_at', 'is', null)
      .returning('expires_at')
      .executeTakeFirst();
    if (!row) throw new DomainError('upload_lock_lost');
    const rows = newParts.map((part) => ({ part: part.part, size_bytes: part.sizeBytes, sha256: part.sha256 }));
    await sql`
      insert into source_parts (video_id, part, size_bytes, sha256)
      select ${videoId}, part, size_bytes, sha256
      from jsonb_to_recordset(${json(rows)}::jsonb) as p (part integer, size_bytes integer, sha256 text)
    `.execute(tx);
    return { expiresAtMs: row.expires_at.getTime() };
  });
}

async function remove(db: Database, { uploadId, token }: UploadGrant): Promise<void> {
  const own = db.selectFrom('uploads').where('id', '=', uploadId).where('lock_token', '=', token);
  // The upload's row goes with its video.
  await db
    .deleteFrom('videos')
    .where('state', '=', 'uploading')
    .where('id', 'in', own.where('finished_at', 'is', null).select('video_id'))
    .execute();
  await db.deleteFrom('uploads').where('id', '=', uploadId).where('lock_token', '=', token).execute();
}

async function claimExpired(db: Database, limit: number) {
  const rows = await db
    .updateTable('uploads')
    .set({ lock_token: sql`lock_token + 1`, lock_until: fromNow(SWEEP_LEASE_MS), lock_wanted: false })
    .where('id', 'in', (from) =>
      from
        .selectFrom('uploads')
        .select('id')
        .where(sql<boolean>`expires_at < clock_timestamp()`)
        .where(sql<boolean>`(lock_until is null or lock_until < clock_timestamp())`)
        // What we fetch ourselves ends by a deadline of its own.
        .where(sql<boolean>`(finished_at is not null or not exists (select from ingests where upload_id = uploads.id))`)
        .orderBy('expires_at')
        .limit(limit)
        .forUpdate()
        .skipLocked(),
    )
    .returning(['id', 'video_id', 'lock_token', 'finished_at'])
    .execute();
  return rows.map(({ id, video_id, lock_token, finished_at }) => ({
    uploadId: id,
    videoId: video_id,
    token: lock_token,
    isFinished: finished_at !== null,
  }));
}

function videoOfContent(db: Database, contentId: ContentId): Promise<KnownVideo | undefined> {
  return db.transaction().execute(async (tx) => {
    const elder = await tx
      .selectFrom('videos')
      .select(['id', 'state', 'size_bytes'])
      .where('content_id', '=', contentId)
      .forUpdate()
      .executeTakeFirst();
    if (!elder) return undefined;
    if (elder.state === 'failed') await retryFailed(tx, elder.id, UPLOADED_AGAIN);
    return { videoId: elder.id, sizeBytes: elder.size_bytes ?? 0, state: elder.state };
  });
}
