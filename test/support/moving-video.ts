import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { VideoId } from '../../src/domain/ids.ts';
import { initKey, manifestKey, mediaPlaylistKey, multivariantKey, segmentKey } from '../../src/domain/object-keys.ts';
import type { ObjectStore } from '../../src/domain/ports.ts';
import { ffmpeg } from './media.ts';

const RATE = 25;
export const SEGMENT_SECONDS = 2;
const CODECS = 'avc1.64001f';

/** Segments are about as large as their bitrate says: noise does not compress. */
type MovingRung = { readonly widthPx: number; readonly heightPx: number; readonly bitrateBps: number };
const ONE_RUNG: MovingRung = { widthPx: 320, heightPx: 180, bitrateBps: 800_000 };

export const framesIn = (seconds: number): number => seconds * RATE;

/**
 * Publishes a real video that plays as HLS and as DASH, made by ffmpeg alone, without sound.
 * @param rungs lowest first
 */
export async function publishMovingVideo(
  store: ObjectStore,
  videoId: VideoId,
  seconds: number,
  rungs: readonly MovingRung[] = [ONE_RUNG],
): Promise<void> {
  for (const rung of rungs) {
    const folder = await mkdtemp(join(tmpdir(), 'millrace-video-'));
    try {
      await makeSegments(folder, seconds, rung);
      await publishRendition(folder, { store, videoId, rendition: nameOf(rung) });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
  const contentType = 'application/octet-stream';
  await store.put(manifestKey({ videoId }), Buffer.from(manifest(seconds, rungs)), { contentType });
  await store.put(multivariantKey({ videoId }), Buffer.from(multivariant(rungs)), { contentType });
}

const nameOf = ({ heightPx }: MovingRung): string => `v${heightPx}`;
const peakOf = ({ bitrateBps }: MovingRung): number => bitrateBps * 1.2;

const makeSegments = (folder: string, seconds: number, { widthPx, heightPx, bitrateBps }: MovingRung) =>
  ffmpeg(
    ...['-f', 'lavfi', '-i', `testsrc2=s=${widthPx}x${heightPx}:r=${RATE}:d=${seconds},noise=alls=60:allf=t`],
    ...['-pix_fmt', 'yuv420p', '-c:v', 'libx264', '-preset', 'ultrafast', '-profile:v', 'high', '-level', '3.1'],
    ...['-b:v', String(bitrateBps), '-minrate', String(bitrateBps), '-maxrate', String(bitrateBps)],
    ...['-bufsize', String(bitrateBps), '-g', String(RATE * SEGMENT_SECONDS), '-sc_threshold', '0', '-bf', '0'],
    ...['-f', 'hls', '-hls_time', String(SEGMENT_SECONDS), '-hls_playlist_type', 'vod', '-hls_segment_type', 'fmp4'],
    ...['-hls_fmp4_init_filename', 'init.mp4', '-hls_segment_filename', join(folder, '%06d.m4s')],
    join(folder, 'index.m3u8'),
  );

type Published = { readonly store: ObjectStore; readonly videoId: VideoId; readonly rendition: string };

async function publishRendition(folder: string, { store, videoId, rendition }: Published): Promise<void> {
  const of = { videoId, generation: 1, rendition };
  const contentType = 'application/octet-stream';
  const put = async (key: Parameters<ObjectStore['put']>[0], name: string) =>
    store.put(key, await readFile(join(folder, name)), { contentType });
  await put(initKey(of), 'init.mp4');
  for (const name of (await readdir(folder)).filter((file) => file.endsWith('.m4s')))
    await put(segmentKey({ ...of, segment: Number.parseInt(name, 10) }), name);
  await put(mediaPlaylistKey(of), 'index.m3u8');
}

const multivariant = (rungs: readonly MovingRung[]): string => `#EXTM3U
#EXT-X-VERSION:7
${rungs
  .map(
    (rung) => `#EXT-X-STREAM-INF:BANDWIDTH=${peakOf(rung)},CODECS="${CODECS}",\
RESOLUTION=${rung.widthPx}x${rung.heightPx},FRAME-RATE=${RATE}
g1/${nameOf(rung)}/index.m3u8
`,
  )
  .join('')}`;

const manifest = (seconds: number, rungs: readonly MovingRung[]): string => `<?xml version="1.0" encoding="utf-8"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" profiles="urn:mpeg:dash:profile:isoff-live:2011" type="static" \
mediaPresentationDuration="PT${seconds}S" minBufferTime="PT4S">
  <Period id="0" start="PT0S">
    <AdaptationSet contentType="video" mimeType="video/mp4" segmentAlignment="true" startWithSAP="1">
      <SegmentTemplate timescale="1" duration="${SEGMENT_SECONDS}" startNumber="0" \
initialization="g1/$RepresentationID$/init.mp4" media="g1/$RepresentationID$/$Number%06d$.m4s"/>
${rungs
  .map(
    (rung) => `      <Representation id="${nameOf(rung)}" codecs="${CODECS}" width="${rung.widthPx}" \
height="${rung.heightPx}" frameRate="${RATE}" bandwidth="${peakOf(rung)}"/>
`,
  )
  .join('')}    </AdaptationSet>
  </Period>
</MPD>
`;
