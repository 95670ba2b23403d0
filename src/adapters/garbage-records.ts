import type { UploadId, VideoId } from '../domain/ids.ts';
import type { Database } from './postgres.ts';
import { knownUploads } from './upload-rows.ts';

/** What stands behind the objects of a store, as the rows tell. */
export const createGarbageRecords = (db: Database) => ({
  async countVideos(): Promise<number> {
    const count = db.selectFrom('videos').select((eb) => eb.fn.countAll<number>().as('videos'));
    return (await count.executeTakeFirstOrThrow()).videos;
  },
  knownUploads: (uploadIds: readonly string[]) => knownUploads(db, uploadIds as UploadId[]),
  async find(videoId: VideoId) {
    const video = await db
      .selectFrom('videos')
      .select('published_generation as published')
      .where('id', '=', videoId)
      .executeTakeFirst();
    if (!video) return undefined;
    const jobs = await db.selectFrom('jobs').select(['generation', 'state']).where('video_id', '=', videoId).execute();
    const retired = await db
      .selectFrom('retired_generations')
      .select('generation')
      .where('video_id', '=', videoId)
      .execute();
    const open = jobs.filter(({ state }) => state === 'queued' || state === 'running');
    return {
      published: video.published,
      jobs: new Set(jobs.map(({ generation }) => generation)),
      inUse: new Set([...open, ...retired].map(({ generation }) => generation)),
    };
  },
});
