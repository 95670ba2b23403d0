import type { GrowthRecords } from '../domain/growth.ts';
import type { VideoId } from '../domain/ids.ts';
import type { JobRecords } from '../domain/job-records.ts';
import type { LogEvent } from '../domain/log-events.ts';
import { offerOf } from '../domain/offer.ts';
import type { ObjectStore } from '../domain/ports.ts';
import type { Log } from '../lib/log.ts';
import { finalPlaylists, type PlaylistFile, replacedPlaylists, writePlaylists } from './playlist-files.ts';

type StoreDeps = { readonly store: Pick<ObjectStore, 'put' | 'read'>; readonly log: Log<LogEvent> };

/** Writes the final playlists again where a late write of growing ones has replaced them. */
export async function restorePlaylists(
  videoId: VideoId,
  files: readonly PlaylistFile[],
  { store, log }: StoreDeps,
): Promise<void> {
  const replaced = await replacedPlaylists(files, store);
  if (replaced.length === 0) return;
  await writePlaylists(replaced, store);
  log.warn('playlists_restored', { videoId, keys: replaced.map(({ key }) => key) });
}

export type RestoreDeps = StoreDeps & {
  readonly growth: Pick<GrowthRecords, 'publishedJob'>;
  readonly records: Pick<JobRecords, 'finishedWork'>;
};

/** The same by whoever wrote late; nothing where the video is not published yet: then its publisher looks. */
export async function restorePublished(videoId: VideoId, deps: RestoreDeps): Promise<void> {
  await restorePlaylists(videoId, (await publishedFiles(videoId, deps)) ?? [], deps);
}

/** What should stand in the store for players. Undefined where nothing is published. */
export async function publishedFiles(videoId: VideoId, deps: Omit<RestoreDeps, 'log'>) {
  const published = await deps.growth.publishedJob(videoId);
  if (!published) return undefined;
  const { plan, renditions, captions } = await deps.records.finishedWork(published.jobId);
  const offer = offerOf(published.generation, plan, renditions);
  return finalPlaylists(videoId, offer, captions);
}
