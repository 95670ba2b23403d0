import { measureBandwidth } from './bandwidth.ts';
import type { VideoOffer } from './offer.ts';
import {
  attributes,
  extinf,
  PLAYLIST_HEAD,
  playlistText,
  quoted,
  segmentFile,
  targetSeconds,
} from './playlist-text.ts';

/** A keyframe as players fetch it alone: a range of a stored segment, shown until the next one. */
type Keyframe = {
  readonly segment: number;
  readonly offset: number;
  readonly sizeBytes: number;
  readonly durationTicks: number;
};

/**
 * Lists the keyframes of a video rendition alone (RFC 8216bis, EXT-X-I-FRAMES-ONLY), for scrubbing and fast play.
 * Undefined where their places are not known: while the video grows, and of what older workers stored.
 */
export function iframePlaylist(video: VideoOffer): string | undefined {
  const keyframes = keyframesOf(video);
  if (keyframes.length === 0) return undefined;
  const { timescale } = video.made;
  const ticks = keyframes.map(({ durationTicks }) => durationTicks);
  return playlistText([
    ...PLAYLIST_HEAD,
    `#EXT-X-TARGETDURATION:${targetSeconds(ticks, timescale)}`,
    '#EXT-X-MEDIA-SEQUENCE:0',
    '#EXT-X-PLAYLIST-TYPE:VOD',
    '#EXT-X-I-FRAMES-ONLY',
    '#EXT-X-MAP:URI="init.mp4"',
    ...keyframes.flatMap(({ segment, offset, sizeBytes, durationTicks }) => [
      extinf(durationTicks, timescale),
      `#EXT-X-BYTERANGE:${sizeBytes}@${offset}`,
      segmentFile(segment),
    ]),
    '#EXT-X-ENDLIST',
  ]);
}

/** Its line in the multivariant playlist, or none. The rates are those of the keyframes' own bytes. */
export function iframeVariant(video: VideoOffer, uri: string): string[] {
  const keyframes = keyframesOf(video);
  if (keyframes.length === 0) return [];
  const { made, rung } = video;
  const { peakBps, averageBps } = measureBandwidth({ ...made, segments: keyframes });
  return [
    `#EXT-X-I-FRAME-STREAM-INF:${attributes({
      BANDWIDTH: peakBps,
      'AVERAGE-BANDWIDTH': averageBps,
      CODECS: quoted(made.codec),
      RESOLUTION: `${rung.widthPx}x${rung.heightPx}`,
      URI: quoted(uri),
    })}`,
  ];
}

/** One for each GOP; nothing unless all are known. */
function keyframesOf({ made, gopTicks }: VideoOffer): Keyframe[] {
  const lists = made.segments.map(({ segment, durationTicks, keyframes = [] }) =>
    keyframes.map(([offset, sizeBytes], i) => {
      const isLast = i === keyframes.length - 1;
      return { segment, offset, sizeBytes, durationTicks: isLast ? durationTicks - i * gopTicks : gopTicks };
    }),
  );
  return lists.some((list) => list.length === 0) ? [] : lists.flat();
}
