import { type CaptionRecords, type Captions, MAX_CAPTION_TRACKS } from '../domain/captions.ts';
import { DomainError } from '../domain/errors.ts';
import type { JobId, VideoId } from '../domain/ids.ts';
import { eachAnswered } from './database-outage.ts';
import type { Database } from './postgres.ts';
import { NOW, type Tx } from './transitions.ts';
import { ringOrchestrators } from './wake-ups.ts';

/** Captions in PostgreSQL. Orchestrators are told of changes, and write the playlists of what is published. */
export function createCaptionRecords(db: Database): CaptionRecords {
  const ofVideo = (videoId: VideoId) => db.selectFrom('captions').where('video_id', '=', videoId);
  return eachAnswered<CaptionRecords>({
    tracks: (videoId) => ofVideo(videoId).select(['language', 'label', 'origin']).orderBy('language').execute(),
    find: (videoId, language) =>
      ofVideo(videoId)
        .select(['language', 'label', 'origin', 'webvtt'])
        .where('language', '=', language)
        .executeTakeFirst(),
    put: (videoId, captions) =>
      db.transaction().execute(async (tx) => {
        await lockVideo(tx, videoId);
        await putCaptions(tx, videoId, captions);
        await captionsChanged(tx, videoId);
      }),
    remove: (videoId, language) =>
      db.transaction().execute(async (tx) => {
        await lockVideo(tx, videoId);
        const removed = await tx
          .deleteFrom('captions')
          .where('video_id', '=', videoId)
          .where('language', '=', language)
          .executeTakeFirst();
        if (removed.numDeletedRows === 0n) return false;
        await captionsChanged(tx, videoId);
        return true;
      }),
  });
}

async function lockVideo(tx: Tx, videoId: VideoId): Promise<void> {
  const video = await tx.selectFrom('videos').select('id').where('id', '=', videoId).forUpdate().executeTakeFirst();
  if (!video) throw new DomainError('no_such_video');
}

async function putCaptions(tx: Tx, videoId: VideoId, { language, label, origin, webvtt }: Captions): Promise<void> {
  await tx
    .insertInto('captions')
    .values({ video_id: videoId, language, label, origin, webvtt })
    .onConflict((same) => same.columns(['video_id', 'language']).doUpdateSet({ label, origin, webvtt }))
    .execute();
  const { count } = await tx
    .selectFrom('captions')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('video_id', '=', videoId)
    .executeTakeFirstOrThrow();
  if (count > MAX_CAPTION_TRACKS) throw new DomainError('too_many_captions');
}

async function captionsChanged(tx: Tx, videoId: VideoId): Promise<void> {
  await tx
    .updateTable('videos')
    .set((eb) => ({ captions_version: eb('captions_version', '+', 1), playlists_due_at: NOW }))
    .where('id', '=', videoId)
    .execute();
  await ringOrchestrators(tx);
}

/** Those of the file itself. What somebody has uploaded in a language counts for more. The caller holds the video. */
export async function addEmbeddedCaptions(tx: Tx, videoId: VideoId, found: readonly Captions[]): Promise<void> {
  const known = await tx
    .selectFrom('captions')
    .select(['language', 'origin'])
    .where('video_id', '=', videoId)
    .execute();
  const uploaded = new Set(known.filter(({ origin }) => origin === 'uploaded').map(({ language }) => language));
  const fresh = found.filter(({ language }) => !uploaded.has(language));
  for (const captions of fresh) await putCaptions(tx, videoId, captions);
  if (fresh.length > 0) await captionsChanged(tx, videoId);
}

export const captionsOf = (db: Database, jobId: JobId): Promise<Captions[]> =>
  db
    .selectFrom('captions as c')
    .innerJoin('jobs as j', 'j.video_id', 'c.video_id')
    .select(['c.language', 'c.label', 'c.origin', 'c.webvtt'])
    .where('j.id', '=', jobId)
    .orderBy('c.language')
    .execute();
