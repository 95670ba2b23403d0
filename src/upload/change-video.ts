import { DomainError } from '../domain/errors.ts';
import type { VideoId } from '../domain/ids.ts';
import type { LogEvent } from '../domain/log-events.ts';
import { privateMarkKey } from '../domain/object-keys.ts';
import type { Visibility } from '../domain/playback-grant.ts';
import type { ObjectStore, VideoRecords } from '../domain/ports.ts';
import type { VideoResource } from '../domain/video-resource.ts';
import type { Log } from '../lib/log.ts';

export type VideoChange = { readonly title?: string | undefined; readonly visibility?: Visibility | undefined };

type Deps = {
  readonly store: Pick<ObjectStore, 'put' | 'delete'>;
  readonly records: Pick<VideoRecords, 'find' | 'rename' | 'setVisibility'>;
  readonly log: Log<LogEvent>;
};

/**
 * Changes what a caller may change of a video.
 * @throws DomainError no_such_video | upload_not_finished
 */
export async function changeVideo(id: VideoId, change: VideoChange, deps: Deps): Promise<VideoResource> {
  const { records, log } = deps;
  const { title, visibility } = change;
  const before = await records.find(id);
  if (!before) throw new DomainError('no_such_video');
  if (visibility !== undefined) await changeVisibility(before, id, visibility, deps);
  if (title !== undefined && (await records.rename(id, title))) log.info('video_renamed', { videoId: id });
  const after = await records.find(id);
  if (!after) throw new DomainError('no_such_video');
  return after;
}

/** The mark, which edges go by, is changed before the row: a change that broke off is repeated by the same call. */
async function changeVisibility(
  { state }: VideoResource,
  videoId: VideoId,
  visibility: Visibility,
  { store, records, log }: Deps,
): Promise<void> {
  // An upload may yet turn out to be another video.
  if (state === 'uploading') throw new DomainError('upload_not_finished');
  const mark = privateMarkKey({ videoId });
  if (visibility === 'private') await store.put(mark, Buffer.from('private'), { contentType: 'text/plain' });
  else await store.delete(mark);
  if (await records.setVisibility(videoId, visibility)) log.info('video_visibility_set', { videoId, visibility });
}
