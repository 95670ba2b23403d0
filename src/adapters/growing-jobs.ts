import { sql } from 'kysely';
import type { AbandonedGrowth, GrowthClaim, GrowthRecords } from '../domain/growth.ts';
import type { JobId, VideoId } from '../domain/ids.ts';
import type { JobPlan } from '../domain/tasks.ts';
import { eachAnswered } from './database-outage.ts';
import type { Database } from './postgres.ts';
import { reportStored, storedOf } from './stored-segments.ts';
import { type Tx, writeEvent } from './transitions.ts';

/**
 * Long enough for a few small writes to a store that is slow; a publisher waits for it at most. Times are the
 * database's.
 */
const LEASE_MS = 5_000;
const LEASE = sql`clock_timestamp() + ${LEASE_MS / 1000} * interval '1 second'`;

/** No growth is granted, nor goes on, once a publish task could be lent. */
const IS_BEFORE_PUBLISH = sql<boolean>`j.state = 'running' and exists (
  select from tasks t where t.job_id = j.id and t.kind = 'publish' and t.blocked)`;
/** However: somebody may have written by hand that it succeeded. */
const HAS_ENDED = sql<boolean>`j.state in ('succeeded', 'failed', 'cancelled')`;
const IS_FREE = sql<boolean>`(j.grow_until is null or j.grow_until < clock_timestamp())`;

/** Growing playlists: who may write them, and of what. */
export function createGrowthRecords(db: Database): GrowthRecords {
  return eachAnswered<GrowthRecords>({
    report: (ref, renditions) => db.transaction().execute((tx) => reportStored(tx, ref, renditions)),
    claim: () => claim(db),
    storedOf: (jobId, renditions) => storedOf(db, jobId, renditions),
    async renew({ jobId, token }) {
      const renewed = await sql`
        update jobs j set grow_until = ${LEASE}
        where j.id = ${jobId} and j.grow_token = ${token} and not ${IS_FREE} and ${IS_BEFORE_PUBLISH}
      `.execute(db);
      return renewed.numAffectedRows === 1n;
    },
    release: (of, grown) => db.transaction().execute((tx) => release(tx, of, grown)),
    claimAbandoned: () => claimAbandoned(db),
    withdrawn: (of) => db.transaction().execute((tx) => withdrawn(tx, of)),
    async remainingMs(jobId) {
      const { rows } = await sql<{ ms: number }>`
        select coalesce(greatest(0, ceil(extract(epoch from grow_until - clock_timestamp()) * 1000)), 0)::float8 as ms
        from jobs where id = ${jobId}
      `.execute(db);
      return rows[0]?.ms ?? 0;
    },
    lookAgain: (jobId) => lookAgain(db, jobId),
    publishedJob: (videoId) =>
      db
        .selectFrom('videos as v')
        .innerJoin('jobs as j', (join) =>
          join.onRef('j.video_id', '=', 'v.id').onRef('j.generation', '=', 'v.published_generation'),
        )
        .select(['j.id as jobId', 'j.generation'])
        .where('v.id', '=', videoId)
        .executeTakeFirst(),
  });
}

async function claim(db: Database): Promise<GrowthClaim | undefined> {
  type Row = Omit<GrowthClaim, 'leaseMs'> & { plan: JobPlan };
  const { rows } = await sql<Row>`
    update jobs set grow_token = grow_token + 1, grow_until = ${LEASE}
    where id = (
      select j.id from jobs j join videos v on v.id = j.video_id
      where j.reports > j.reports_grown and j.grow_after <= clock_timestamp() and ${IS_FREE} and ${IS_BEFORE_PUBLISH}
        and v.published_generation is null and j.plan is not null
      order by j.grow_after limit 1 for update of j skip locked
    )
    returning id as "jobId", video_id as "videoId", generation, plan, grow_token as token, reports
  `.execute(db);
  return rows[0] && { ...rows[0], leaseMs: LEASE_MS };
}

async function release(tx: Tx, of: GrowthClaim, { isPlayable, pauseMs }: { isPlayable: boolean; pauseMs: number }) {
  const before = await lockVideo(tx, of.videoId);
  const released = await sql`
    update jobs set grow_until = null, reports_grown = ${of.reports},
      grow_after = clock_timestamp() + ${pauseMs / 1000} * interval '1 second'
    where id = ${of.jobId} and grow_token = ${of.token}
  `.execute(tx);
  if (!before || released.numAffectedRows === 0n) return false;
  if (!isPlayable || before.growing_generation === of.generation) return 'again';
  await tx
    .updateTable('videos')
    .set({ growing_generation: of.generation })
    .where('id', '=', of.videoId)
    .where('published_generation', 'is', null)
    .execute();
  await tellPlayback(tx, of, 'playable while it is processed');
  return 'first';
}

async function claimAbandoned(db: Database): Promise<AbandonedGrowth | undefined> {
  const { rows } = await sql<AbandonedGrowth>`
    update jobs set grow_token = grow_token + 1, grow_until = ${LEASE}
    where id = (
      select j.id from videos v join jobs j on j.video_id = v.id and j.generation = v.growing_generation
      where v.growing_generation is not null and v.published_generation is null
        and ${HAS_ENDED} and ${IS_FREE}
      limit 1 for update of j skip locked
    )
    returning id as "jobId", video_id as "videoId", generation, grow_token as token
  `.execute(db);
  return rows[0];
}

/**
 * Without effect where the job goes on, so that its next publisher comes, or where it never had one. Nor while a later
 * job of the video goes on, whose growing playlists take the place of what stands.
 */
export async function lookAgain(db: Database | Tx, jobId: JobId): Promise<void> {
  const isPublished = sql`v.published_generation is not null`;
  await sql`
    update videos v set
      playlists_due_at = case when ${isPublished} then clock_timestamp() else v.playlists_due_at end,
      growing_generation = case when ${isPublished} then null else j.generation end
    from jobs j
    where j.id = ${jobId} and v.id = j.video_id and (${isPublished} or ${HAS_ENDED} and not exists (
        select from jobs later
        where later.video_id = j.video_id and later.generation > j.generation and later.state in ('queued', 'running')
      ))
      and exists (select from tasks t where t.job_id = j.id and t.kind = 'publish' and t.attempt > 0)
  `.execute(db);
}

async function withdrawn(tx: Tx, of: AbandonedGrowth): Promise<void> {
  const video = await lockVideo(tx, of.videoId);
  if (!video || video.published_generation !== null) return;
  // A job that was taken up again meanwhile lists its segments anew.
  const released = await sql`
    update jobs set grow_until = null, reports_grown = 0 where id = ${of.jobId} and grow_token = ${of.token}
  `.execute(tx);
  if (released.numAffectedRows === 0n) return;
  await tx.updateTable('videos').set({ growing_generation: null }).where('id', '=', of.videoId).execute();
  await tellPlayback(tx, of, 'no longer playable: its job ended');
}

const lockVideo = (tx: Tx, videoId: VideoId) =>
  tx
    .selectFrom('videos')
    .select(['growing_generation', 'published_generation'])
    .where('id', '=', videoId)
    .forUpdate()
    .executeTakeFirst();

/** Whoever follows the video learns of it, though no state changes. */
async function tellPlayback(tx: Tx, { videoId, jobId }: { videoId: VideoId; jobId: JobId }, reason: string) {
  const { state } = await tx.selectFrom('videos').select('state').where('id', '=', videoId).executeTakeFirstOrThrow();
  const of = { subject: 'video', video_id: videoId, job_id: jobId, from_state: state, to_state: state } as const;
  await writeEvent(tx, of, { reason });
}
