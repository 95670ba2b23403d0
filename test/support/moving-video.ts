import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { VideoId } from '../../src/domain/ids.ts';
import { initKey, manifestKey, mediaPlaylistKey, multivariantKey, segmentKey } from '../../src/domain/object-keys.ts';
import type { ObjectStore } from '../../src/domain/ports.ts';
import { ffmpeg } from './media.ts';

const RATE = 25;
const SEGMENT_SECONDS = 2;
const [WIDTH, HEIGHT] = [320, 180];
/** Each segment is about this large: noise does not compress. */
const BITRATE_BPS = 800_000;
const CODECS = 'avc1.64001f';

export const framesIn = (seconds: number): number => seconds * RATE;

/** Publishes a real video that plays as HLS and as DASH, made by ffmpeg alone: one rendition, without sound. */
export async function publishMovingVideo(store: ObjectStore, videoId: VideoId, seconds: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-video-'));
  try {
    await makeSegments(folder, seconds);
    await publish(folder, { store, videoId, seconds });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const makeSegments = (folder: string, seconds: number): Promise<string> =>
  ffmpeg(
    ...['-f', 'lavfi', '-i', `testsrc2=s=${WIDTH}x${HEIGHT}:r=${RATE}:d=${seconds},noise=alls=60:allf=t`],
    ...['-pix_fmt', 'yuv420p', '-c:v', 'libx264', '-preset', 'ultrafast', '-profile:v', 'high', '-level', '3.1'],
    ...['-b:v', String(BITRATE_BPS), '-minrate', String(BITRATE_BPS), '-maxrate', String(BITRATE_BPS)],
    ...['-bufsize', String(BITRATE_BPS), '-g', String(RATE * SEGMENT_SECONDS), '-sc_threshold', '0', '-bf', '0'],
    ...['-f', 'hls', '-hls_time', String(SEGMENT_SECONDS), '-hls_playlist_type', 'vod', '-hls_segment_type', 'fmp4'],
    ...['-hls_fmp4_init_filename', 'init.mp4', '-hls_segment_filename', join(folder, '%06d.m4s')],
    join(folder, 'index.m3u8'),
  );

type Published = { readonly store: ObjectStore; readonly videoId: VideoId; readonly seconds: number };

async function publish(folder: string, { store, videoId, seconds }: Published): Promise<void> {
  const of = { videoId, generation: 1, rendition: 'v180' };
  const contentType = 'application/octet-stream';
  const put = async (key: Parameters<ObjectStore['put']>[0], bytes: Uint8Array) =>
    store.put(key, bytes, { contentType });
  await put(initKey(of), await readFile(join(folder, 'init.mp4')));
  for (const name of (await readdir(folder)).filter((file) => file.endsWith('.m4s')))
    await put(segmentKey({ ...of, segment: Number.parseInt(name, 10) }), await readFile(join(folder, name)));
  await put(mediaPlaylistKey(of), await readFile(join(folder, 'index.m3u8')));
  await put(manifestKey(of), Buffer.from(manifest(seconds)));
  await put(multivariantKey(of), Buffer.from(multivariant));
}

const multivariant = `#EXTM3U
#EXT-X-VERSION:7
#EXT-X-STREAM-INF:BANDWIDTH=${BITRATE_BPS * 1.2},CODECS="${CODECS}",RESOLUTION=${WIDTH}x${HEIGHT},FRAME-RATE=${RATE}
g1/v180/index.m3u8
`;

const manifest = (seconds: number): string => `<?xml version="1.0" encoding="utf-8"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" profiles="urn:mpeg:dash:profile:isoff-live:2011" type="static" \
mediaPresentationDuration="PT${seconds}S" minBufferTime="PT4S">
  <Period id="0" start="PT0S">
    <AdaptationSet contentType="video" mimeType="video/mp4" segmentAlignment="true" startWithSAP="1">
      <SegmentTemplate timescale="1" duration="${SEGMENT_SECONDS}" startNumber="0" \
initialization="g1/$RepresentationID$/init.mp4" media="g1/$RepresentationID$/$Number%06d$.m4s"/>
      <Representation id="v180" codecs="${CODECS}" width="${WIDTH}" height="${HEIGHT}" frameRate="${RATE}" \
bandwidth="${BITRATE_BPS * 1.2}"/>
    </AdaptationSet>
  </Period>
</MPD>
`;
