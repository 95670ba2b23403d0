import { randomBytes, randomUUID } from 'node:crypto';
import { createVideoRecords } from '../../src/adapters/video-records.ts';
import { type ContentId, shortIdFrom, type VideoId } from '../../src/domain/ids.ts';
import { sourcePartKey } from '../../src/domain/object-keys.ts';
import { despiteOutages } from './despite-outages.ts';
import type { Stack } from './stack.ts';

/** A video that is uploaded, of as many seconds as its source has bytes: the fake probe finds that many. */
export async function uploadVideo(stack: Stack, seconds: number): Promise<VideoId> {
  return uploadSource(stack, randomBytes(seconds));
}

export async function uploadSource(stack: Stack, bytes: Uint8Array): Promise<VideoId> {
  const videos = createVideoRecords(stack.db);
  return despiteOutages(async () => {
    // Anew for each try: a commit whose answer was lost leaves a video that nobody waits for.
    const videoId = shortIdFrom(randomBytes(10)) as VideoId;
    const contentId = randomUUID().replaceAll('-', '').repeat(2) as ContentId;
    await stack.objects.put(sourcePartKey({ videoId, part: 0 }), bytes, { contentType: 'application/octet-stream' });
    await videos.startUpload({ videoId, filename: 'a clip.mp4', contentType: 'video/mp4' });
    const parts = [{ sizeBytes: bytes.byteLength, sha256: 'ab'.repeat(32) }];
    return (await videos.finishUpload({ videoId, contentId, parts })).videoId;
  });
}
