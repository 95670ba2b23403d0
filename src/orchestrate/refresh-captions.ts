import type { CaptionRefresh } from '../domain/captions.ts';
import type { GrowthRecords } from '../domain/growth.ts';
import type { VideoId } from '../domain/ids.ts';
import { replacedPlaylists, writePlaylists } from './playlist-files.ts';
import { publishedFiles, type RestoreDeps } from './restore-playlists.ts';

export type RefreshDeps = RestoreDeps & {
  readonly captions: CaptionRefresh;
  readonly growth: Pick<GrowthRecords, 'publishedJob'>;
};

/** Captions that were changed after the video was published reach its playlists. True when there were some. */
export async function refreshCaptions(deps: RefreshDeps): Promise<boolean> {
  const videoId = await deps.captions.refreshNext((id) => writePublished(id, deps));
  if (videoId) deps.log.info('captions_published', { videoId });
  return videoId !== undefined;
}

/** Again where another generation was published meanwhile: its playlists must be the ones that stand at the end. */
async function writePublished(videoId: VideoId, deps: RefreshDeps): Promise<void> {
  const generation = async () => (await deps.growth.publishedJob(videoId))?.generation;
  for (let before = await generation(); ; ) {
    const files = (await publishedFiles(videoId, deps)) ?? [];
    await writePlaylists(await replacedPlaylists(files, deps.store), deps.store);
    const after = await generation();
    if (after === before) return;
    before = after;
  }
}
