import type { VideoId } from '../domain/ids.ts';
import { uploadPrefix, videoPrefix } from '../domain/object-keys.ts';
import type { ObjectStore } from '../domain/ports.ts';
import type { UploadGrant, UploadRecords } from '../domain/upload-records.ts';

export type RemoveDeps = {
  readonly store: Pick<ObjectStore, 'deletePrefix'>;
  readonly uploads: Pick<UploadRecords, 'doom' | 'remove'>;
};

/**
 * Forgets an upload, with its bytes unless they have become a video. It is doomed first, so that nobody resumes what is
 * half gone; the row goes last, so that a removal that broke off is repeated by the sweeper.
 */
export async function removeUpload(
  upload: UploadGrant & { readonly videoId: VideoId; readonly isFinished: boolean },
  { store, uploads }: RemoveDeps,
): Promise<void> {
  await uploads.doom(upload);
  await store.deletePrefix(uploadPrefix(upload));
  if (!upload.isFinished) await store.deletePrefix(videoPrefix(upload));
  await uploads.remove(upload);
}
