import type { GrowthRecords } from '../domain/growth.ts';
import type { VideoId } from '../domain/ids.ts';
import type { DuePlaylists } from '../domain/job-records.ts';
import { replacedPlaylists, writePlaylists } from './playlist-files.ts';
import { publishedFiles, type RestoreDeps } from './restore-playlists.ts';

export type RefreshDeps = RestoreDeps & {
  readonly due: DuePlaylists;
  readonly growth: Pick<GrowthRecords, 'publishedJob'>;
};

/** Writes what players start from again where it is not as it should be. True when there was a video to look at. */
export async function refreshPlaylists(deps: RefreshDeps): Promise<boolean> {
  const video = await deps.due.next();
  if (!video) return false;
  const keys = await writePublished(video.videoId, deps);
  await deps.due.done(video);
  if (keys.length > 0) deps.log.info('playlists_refreshed', { videoId: video.videoId, keys });
  return true;
}

/** Again where another generation was published meanwhile: its playlists must be the ones that stand at the end. */
async function writePublished(videoId: VideoId, deps: RefreshDeps): Promise<string[]> {
  const generation = async () => (await deps.growth.publishedJob(videoId))?.generation;
  const keys: string[] = [];
  for (let before = await generation(); ; ) {
    const files = await replacedPlaylists((await publishedFiles(videoId, deps)) ?? [], deps.store);
    await writePlaylists(files, deps.store);
    keys.push(...files.map(({ key }) => key));
    const after = await generation();
    if (after === before) return keys;
    before = after;
  }
}
