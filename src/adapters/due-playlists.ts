import { sql } from 'kysely';
import type { VideoId } from '../domain/ids.ts';
import type { DuePlaylists } from '../domain/job-records.ts';
import { answered } from './database-outage.ts';
import type { Database } from './postgres.ts';

/** Writing takes a moment. Whoever needs longer, or fails, leaves it to the next one. */
const LEASE = sql`interval '30 seconds'`;

/** Published videos whose playlists are to be looked at again. */
export const createDuePlaylists = (db: Database): DuePlaylists => ({
  next: () =>
    answered(async () => {
      const { rows } = await sql<{ videoId: VideoId; version: number; until: string }>`
        update videos set playlists_due_at = clock_timestamp() + ${LEASE}
        where id = (
          select id from videos
          where playlists_due_at <= clock_timestamp() and published_generation is not null
          order by playlists_due_at limit 1 for update skip locked
        )
        returning id as "videoId", captions_version as version, playlists_due_at::text as until
      `.execute(db);
      return rows[0];
    }),
  done: ({ videoId, version, until }) =>
    answered(async () => {
      await sql`
        update videos set playlists_due_at = null
        where id = ${videoId} and captions_version = ${version} and playlists_due_at = ${until}::timestamptz
      `.execute(db);
    }),
});
