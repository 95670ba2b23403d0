import { sql } from 'kysely';
import type { VideoId } from '../domain/ids.ts';
import type { Database } from './postgres.ts';

/** Ids whose rows are gone and whose objects may not be: duplicates of elder videos, and deleted ones. */
export async function vanishedVideos(db: Database, limit: number): Promise<VideoId[]> {
  const rows = await db
    .selectFrom('video_aliases')
    .select('id')
    .where('objects_gone', '=', false)
    .where(sql<boolean>`created_at < clock_timestamp() - ${VANISHED_FOR}`)
    .limit(limit)
    .execute();
  return rows.map((row) => row.id);
}

/** Younger ones are being removed by whoever finished the upload. */
const VANISHED_FOR = sql`interval '1 minute'`;

export async function forgetVanished(db: Database, videoId: VideoId): Promise<void> {
  await db.updateTable('video_aliases').set({ objects_gone: true }).where('id', '=', videoId).execute();
  // The elder one was deleted meanwhile, so the id stands for nothing any more.
  await db
    .deleteFrom('video_aliases')
    .where('id', '=', videoId)
    .where('video_id', 'not in', (from) => from.selectFrom('videos').select('id'))
    .execute();
}

/** Late writers are gone by then: a lease lasts an hour at most. */
const REMEMBERED_FOR = sql`interval '1 day'`;

export async function removedVideos(db: Database, limit: number): Promise<VideoId[]> {
  await db
    .deleteFrom('removed_videos')
    .where(sql<boolean>`removed_at < clock_timestamp() - ${REMEMBERED_FOR}`)
    .execute();
  const rows = await db
    .updateTable('removed_videos')
    .set({ sweep_at: sql<Date>`clock_timestamp() + (clock_timestamp() - removed_at)` })
    .where('id', 'in', (from) =>
      from
        .selectFrom('removed_videos')
        .select('id')
        .where(sql<boolean>`sweep_at < clock_timestamp()`)
        .orderBy('sweep_at')
        .limit(limit)
        .forUpdate()
        .skipLocked(),
    )
    .returning('id')
    .execute();
  return rows.map((row) => row.id);
}
