import type { SessionId, VideoId } from '../../src/domain/ids.ts';
import { initKey, mediaPlaylistKey, multivariantKey, segmentKey } from '../../src/domain/object-keys.ts';
import { playbackToken } from '../../src/domain/playback-token.ts';
import type { Clock, ObjectStore } from '../../src/domain/ports.ts';
import { createTextSigner } from '../../src/lib/sign-text.ts';

export const VIDEO = '0123456789abcdef' as VideoId;
export const SECRET = 'shared by router and edges';
const OF = { videoId: VIDEO, generation: 1, rendition: 'v360' };
export const SEGMENT_0 = segmentKey({ ...OF, segment: 0 });

/** Bytes that differ at every place, so that a wrong range shows. */
export const segmentBytes = (size = 10_000): Buffer =>
  Buffer.from(Array.from({ length: size }, (_, i) => (i * 7) % 251));

/** Publishes a video of one rendition and one segment. */
export async function publishVideo(store: ObjectStore, videoId = VIDEO, segment = segmentBytes()): Promise<void> {
  const of = { ...OF, videoId };
  const contentType = 'application/octet-stream';
  await store.put(initKey(of), Buffer.from('init'), { contentType });
  await store.put(segmentKey({ ...of, segment: 0 }), segment, { contentType });
  const media = '#EXTM3U\n#EXT-X-MAP:URI="init.mp4"\n#EXTINF:4,\n000000.m4s\n#EXT-X-ENDLIST\n';
  await store.put(mediaPlaylistKey(of), Buffer.from(media), { contentType });
  const multivariant = '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\ng1/v360/index.m3u8\n';
  await store.put(multivariantKey(of), Buffer.from(multivariant), { contentType });
}

/** The path of a session as a router would have made it. */
export function sessionPath(
  clock: Clock,
  { videoId = VIDEO, sessionId = 'abcdefgh12345678', forMs = 60_000 } = {},
): string {
  const session = { sessionId: sessionId as SessionId, videoId, expiresAtMs: clock.nowMs() + forMs };
  return `/play/${videoId}/${playbackToken(session, createTextSigner(SECRET).sign)}`;
}
