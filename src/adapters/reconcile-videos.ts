import { sql } from 'kysely';
import type { JobId, VideoId } from '../domain/ids.ts';
import type { Repair } from '../domain/job-records.ts';
import type { JobState, VideoState } from '../domain/states.ts';
import { queueJob } from './job-control.ts';
import type { Database } from './postgres.ts';
import { NOW, type Tx, writeEvent } from './transitions.ts';

/** Bounds a round; what is left comes in the next one. */
const VIDEOS_PER_ROUND = 200;

/** Videos whose state does not fit their jobs. */
export async function reconcileVideos(db: Database): Promise<Repair[]> {
  const odd = await oddVideos(db);
  const repairs: Repair[] = [];
  for (const { videoId } of odd) {
    const repair = await db.transaction().execute(async (tx) => {
      await tx.selectFrom('videos').select('id').where('id', '=', videoId).forUpdate().execute();
      const [still] = await oddVideos(tx, videoId);
      return still && mend(tx, still);
    });
    if (repair) repairs.push(repair);
  }
  return repairs;
}

type OddVideo = {
  readonly videoId: VideoId;
  readonly state: VideoState;
  readonly published: number | null;
  readonly openState: JobState | null;
  readonly jobId: JobId | null;
  readonly jobState: JobState | null;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
};

async function oddVideos(db: Database, only?: VideoId): Promise<OddVideo[]> {
  const { rows } = await sql<OddVideo>`
    select v.id as "videoId", v.state, v.published_generation as published, o.state as "openState",
      l.id as "jobId", l.state as "jobState", l.error_code as "errorCode", l.error_message as "errorMessage"
    from videos v
    left join jobs o on o.video_id = v.id and o.state in ('queued', 'running')
    left join lateral (
      select * from jobs where video_id = v.id order by generation desc limit 1
    ) l on true
    where (${only ?? null}::text is null or v.id = ${only ?? null}) and case v.state
      when 'uploading' then v.content_id is not null
      when 'uploaded' then o.id is null or o.state = 'running'
      when 'processing' then o.id is null
      when 'ready' then o.state = 'running' or (o.id is null and v.published_generation is null)
      when 'failed' then o.state = 'running'
        or (o.id is null and (v.published_generation is not null or v.error_code is null))
    end
    limit ${VIDEOS_PER_ROUND}
  `.execute(db);
  return rows;
}

/** Decides by the jobs, which say more than the video: what is open goes on, what has ended is what the video is. */
async function mend(tx: Tx, video: OddVideo): Promise<Repair> {
  const { videoId, state, published, openState, jobState } = video;
  const found = `${state} with ${openState ? `a ${openState} job` : `its last job ${jobState ?? 'missing'}`}`;
  const repaired = (done: string): Repair => ({ videoId, ...(video.jobId ? { jobId: video.jobId } : {}), found, done });
  if (openState !== null) {
    const next = openState === 'running' ? 'processing' : 'uploaded';
    await setVideo(tx, video, next, found);
    return repaired(next);
  }
  if (published !== null) {
    await setVideo(tx, video, 'ready', found);
    return repaired('ready, with the generation that is published');
  }
  if (jobState === 'failed' || jobState === 'cancelled') {
    const code = video.errorCode ?? `job_${jobState}`;
    await setVideo(tx, video, 'failed', found, { code, message: video.errorMessage ?? `The job was ${jobState}.` });
    return repaired(`failed as its job did: ${code}`);
  }
  await setVideo(tx, video, 'uploaded', found);
  await queueJob(tx, videoId, found);
  return repaired('a new job was queued');
}

type VideoError = { readonly code: string; readonly message: string };

/** Not a transition: the state before was none that the state machine knows, so nothing is guarded. */
async function setVideo(tx: Tx, { videoId, state }: OddVideo, next: VideoState, reason: string, error?: VideoError) {
  await tx
    .updateTable('videos')
    .set({ state: next, error_code: error?.code ?? null, error_message: error?.message ?? null, updated_at: NOW })
    .where('id', '=', videoId)
    .execute();
  if (next === state) return;
  const of = { subject: 'video', video_id: videoId, from_state: state, to_state: next } as const;
  await writeEvent(tx, of, { reason: `put right: ${reason}` });
}
