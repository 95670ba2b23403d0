import { sql } from 'kysely';
import { DomainError } from '../domain/errors.ts';
import type { UploadId, VideoId } from '../domain/ids.ts';
import { partCount } from '../domain/source.ts';
import type { StoredPartRow, Upload, UploadGrant } from '../domain/upload-records.ts';
import type { Database } from './postgres.ts';
import type { Tx } from './transitions.ts';

export async function findUpload(db: Database, uploadId: UploadId): Promise<Upload | undefined> {
  const row = await db
    .selectFrom('uploads')
    .selectAll()
    .select(sql<boolean>`expires_at < clock_timestamp()`.as('is_expired'))
    .where('id', '=', uploadId)
    .executeTakeFirst();
  return (
    row && {
      uploadId,
      videoId: row.video_id,
      sizeBytes: row.size_bytes,
      wholeParts: row.whole_parts,
      tailBytes: row.tail_bytes,
      tailToken: row.tail_token,
      metadata: row.metadata,
      expiresAtMs: row.expires_at.getTime(),
      isExpired: row.is_expired,
      isFinished: row.finished_at !== null,
    }
  );
}

export async function partsOf(db: Database, videoId: VideoId): Promise<StoredPartRow[]> {
  const rows = await db
    .selectFrom('source_parts')
    .select(['part', 'size_bytes', 'sha256'])
    .where('video_id', '=', videoId)
    .orderBy('part')
    .execute();
  return rows.map(({ part, size_bytes, sha256 }) => ({ part, sizeBytes: size_bytes, sha256 }));
}

export async function knownUploads(db: Database, uploadIds: readonly UploadId[]): Promise<UploadId[]> {
  if (uploadIds.length === 0) return [];
  const rows = await db.selectFrom('uploads').select('id').where('id', 'in', uploadIds).execute();
  return rows.map((row) => row.id);
}

type Outcome = { readonly videoId: VideoId; readonly sizeBytes: number };

/** The upload has become a video, its own or an elder one. @throws DomainError upload_lock_lost */
export async function closeUpload(
  tx: Tx,
  grant: UploadGrant | undefined,
  { videoId, sizeBytes }: Outcome,
): Promise<void> {
  if (!grant) return;
  const closed = await tx
    .updateTable('uploads')
    .set({
      video_id: videoId,
      size_bytes: sizeBytes,
      whole_parts: partCount(sizeBytes),
      tail_bytes: 0,
      finished_at: sql<Date>`clock_timestamp()`,
    })
    .where('id', '=', grant.uploadId)
    .where('lock_token', '=', grant.token)
    .where('finished_at', 'is', null)
    .executeTakeFirst();
  if (closed.numUpdatedRows === 0n) throw new DomainError('upload_lock_lost');
}
