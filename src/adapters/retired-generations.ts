import { sql } from 'kysely';
import type { RetiredGeneration, RetiredGenerations } from '../domain/growth.ts';
import type { VideoId } from '../domain/ids.ts';
import { SESSION_MS } from '../domain/playback-token.ts';
import { eachAnswered } from './database-outage.ts';
import type { Database } from './postgres.ts';
import type { Tx } from './transitions.ts';

/** A session may have begun just before, at an edge that had not seen the new playlist yet; clocks differ, too. */
const GRACE_SECONDS = 3_600;

/** Generations that were replaced, until their objects are gone. */
export function createRetiredGenerations(db: Database): RetiredGenerations {
  return eachAnswered<RetiredGenerations>({
    async due(limit) {
      const { rows } = await sql<RetiredGeneration>`
        select r.video_id as "videoId", r.generation
        from retired_generations r join videos v on v.id = r.video_id
        where r.remove_after <= clock_timestamp() and r.generation is distinct from v.published_generation
          and not exists (
            select from jobs j
            where j.video_id = r.video_id and j.generation = r.generation and j.state in ('queued', 'running'))
        order by r.remove_after limit ${limit}
      `.execute(db);
      return rows;
    },
    async removed({ videoId, generation }) {
      await db
        .deleteFrom('retired_generations')
        .where('video_id', '=', videoId)
        .where('generation', '=', generation)
        .execute();
    },
  });
}

/** In the transaction that publishes: all other generations that have ended are to go. */
export async function retireOthers(tx: Tx, videoId: VideoId, generation: number): Promise<void> {
  const keepSeconds = SESSION_MS / 1000 + GRACE_SECONDS;
  await sql`
    insert into retired_generations (video_id, generation, remove_after)
    select video_id, generation, clock_timestamp() + ${keepSeconds} * interval '1 second'
    from jobs
    where video_id = ${videoId} and generation <> ${generation} and state in ('succeeded', 'failed', 'cancelled')
    on conflict do nothing
  `.execute(tx);
  await sql`delete from retired_generations where video_id = ${videoId} and generation = ${generation}`.execute(tx);
}

/** In the same transaction: nothing of the video grows any more. */
export async function endGrowth(tx: Tx, videoId: VideoId): Promise<void> {
  await tx.updateTable('videos').set({ growing_generation: null }).where('id', '=', videoId).execute();
  await sql`
    delete from stored_renditions s using jobs j where j.id = s.job_id and j.video_id = ${videoId}
  `.execute(tx);
}
