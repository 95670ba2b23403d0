import { createHash } from 'node:crypto';
import { type Captions, parseCaptions, webVtt } from '../domain/captions.ts';
import { durationSeconds, textPlaylist } from '../domain/hls-playlist.ts';
import type { VideoId } from '../domain/ids.ts';
import { textKey } from '../domain/object-keys.ts';
import type { Offer, TextOffer } from '../domain/offer.ts';
import type { PlaylistFile } from './playlist-files.ts';

/** The offer with captions in it, and the files that this takes. */
export function withCaptions(videoId: VideoId, offer: Offer, captions: readonly Captions[]) {
  const made = captions.map((one) => captionFiles(videoId, offer, one));
  return { offer: { ...offer, text: made.map(({ text }) => text) }, files: made.flatMap(({ files }) => files) };
}

/** Changed text has another name, since edges and players keep what they have under a name for good. */
const HASH_DIGITS = 12;
/** The clock of HLS (RFC 8216, section 3.5). */
const HLS_HZ = 90_000;

function captionFiles(videoId: VideoId, offer: Offer, { language, label, webvtt }: Captions) {
  const content = webVtt(parseCaptions(webvtt), firstFrameTicks(offer));
  const hash = createHash('sha256').update(content).digest('hex').slice(0, HASH_DIGITS);
  const text: TextOffer = { language, label, name: `${language.toLowerCase()}-${hash}` };
  const of = { videoId, generation: offer.generation };
  const files: PlaylistFile[] = [
    { key: textKey({ ...of, file: `${text.name}.vtt` }), text: content },
    { key: textKey({ ...of, file: `${text.name}.m3u8` }), text: textPlaylist(text, durationSeconds(offer)) },
  ];
  return { text, files };
}

function firstFrameTicks({ video, audio }: Offer): number {
  const [first] = video;
  if (first) return Math.round((first.delayTicks * HLS_HZ) / first.made.timescale);
  const [sound] = audio;
  return sound ? Math.round((sound.plan.delayTicks * HLS_HZ) / sound.made.timescale) : 0;
}
