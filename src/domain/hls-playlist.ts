import { languageOf } from './audio-plan.ts';
import { secondsOf } from './bandwidth.ts';
import { iframeVariant } from './iframe-playlist.ts';
import type { AudioOffer, Offer, TextOffer, VideoOffer } from './offer.ts';
import {
  attributes,
  extinf,
  PLAYLIST_HEAD,
  quoted,
  segmentFile,
  targetSeconds,
  playlistText as text,
} from './playlist-text.ts';
import type { AudioPlan, StoredRendition } from './tasks.ts';

/** HLS playlists (RFC 8216bis) with relative URIs only, so that they work below any session. */

const AUDIO_GROUP = 'audio';

/** Lists the segments of one rendition, whole and final. */
export function mediaPlaylist(made: StoredRendition): string {
  const ticks = made.segments.map((segment) => segment.durationTicks);
  return text([...mediaHead(made, ticks, 'VOD'), ...segmentLines(made), '#EXT-X-ENDLIST']);
}

/**
 * Lists what stands of a rendition so far. Lines are only ever added to it, and the final playlist has the same ones,
 * with the same target duration: a player that asks again goes on where it is.
 */
export const growingMediaPlaylist = (made: StoredRendition, plannedTicks: readonly number[]): string =>
  // Without a start players of an unfinished playlist begin near its end.
  text([...mediaHead(made, plannedTicks, 'EVENT'), '#EXT-X-START:TIME-OFFSET=0', ...segmentLines(made)]);

function mediaHead({ timescale }: StoredRendition, ticks: readonly number[], type: 'VOD' | 'EVENT'): string[] {
  return [
    ...PLAYLIST_HEAD,
    `#EXT-X-TARGETDURATION:${targetSeconds(ticks, timescale)}`,
    '#EXT-X-MEDIA-SEQUENCE:0',
    `#EXT-X-PLAYLIST-TYPE:${type}`,
    '#EXT-X-MAP:URI="init.mp4"',
  ];
}

const segmentLines = ({ segments, timescale }: StoredRendition): string[] =>
  segments.flatMap(({ segment, durationTicks }) => [extinf(durationTicks, timescale), segmentFile(segment)]);

/** Lists the variants, lowest rate first: where a player starts with the first, it starts soonest. */
export function multivariantPlaylist(offer: Offer): string {
  const uri = (rendition: string): string => `g${offer.generation}/${rendition}/index.m3u8`;
  const audioOnly = offer.video.length === 0;
  // Tracks are no variants of one another, which a player would choose from by their rates: the first stands for all.
  const variants = audioOnly
    ? offer.audio.slice(0, 1).flatMap((audio) => [audioVariant(audio, offer.audio), uri(audio.plan.rendition)])
    : offer.video.flatMap((video) => [videoVariant(video, offer), uri(video.rung.rendition)]);
  const grouped = audioOnly && offer.audio.length === 1 ? [] : offer.audio;
  const media = grouped.map((audio, i) => audioMedia(audio, uri(audio.plan.rendition), i === 0));
  const captions = offer.text.map((track) => textMedia(track, `g${offer.generation}/text/${track.name}.m3u8`));
  const iframes = offer.video.flatMap((video) =>
    iframeVariant(video, `g${offer.generation}/${video.rung.rendition}/iframes.m3u8`),
  );
  return text([...PLAYLIST_HEAD, ...media, ...captions, ...variants, ...iframes]);
}

function audioMedia({ plan }: AudioOffer, uri: string, isDefault: boolean): string {
  const language = languageOf(plan.track);
  return `#EXT-X-MEDIA:${attributes({
    TYPE: 'AUDIO',
    'GROUP-ID': quoted(AUDIO_GROUP),
    NAME: quoted(audioName(plan)),
    ...(language === 'und' ? {} : { LANGUAGE: quoted(language) }),
    DEFAULT: isDefault ? 'YES' : 'NO',
    AUTOSELECT: 'YES',
    CHANNELS: quoted('2'),
    URI: quoted(uri),
  })}`;
}

const TEXT_GROUP = 'text';

/** Off until somebody chooses it, or the player's settings ask for captions. */
const textMedia = ({ language, label }: TextOffer, uri: string): string =>
  `#EXT-X-MEDIA:${attributes({
    TYPE: 'SUBTITLES',
    'GROUP-ID': quoted(TEXT_GROUP),
    NAME: quoted(label),
    LANGUAGE: quoted(language),
    DEFAULT: 'NO',
    AUTOSELECT: 'YES',
    FORCED: 'NO',
    URI: quoted(uri),
  })}`;

/** The whole text as one segment: players load all of it at once, and find the cues of a time by themselves. */
export function textPlaylist({ name }: TextOffer, seconds: number): string {
  return text([
    '#EXTM3U',
    '#EXT-X-VERSION:7',
    `#EXT-X-TARGETDURATION:${Math.max(1, Math.ceil(seconds))}`,
    '#EXT-X-MEDIA-SEQUENCE:0',
    '#EXT-X-PLAYLIST-TYPE:VOD',
    `#EXTINF:${seconds.toFixed(6)},`,
    `${name}.vtt`,
    '#EXT-X-ENDLIST',
  ]);
}

function videoVariant({ rung, frameRate, made, bandwidth }: VideoOffer, { audio, text }: Offer): string {
  const loudest = (rate: 'peakBps' | 'averageBps'): number => Math.max(0, ...audio.map((a) => a.bandwidth[rate]));
  const codecs = [made.codec, ...new Set(audio.map((a) => a.made.codec))];
  return `#EXT-X-STREAM-INF:${attributes({
    BANDWIDTH: bandwidth.peakBps + loudest('peakBps'),
    'AVERAGE-BANDWIDTH': bandwidth.averageBps + loudest('averageBps'),
    CODECS: quoted(codecs.join(',')),
    RESOLUTION: `${rung.widthPx}x${rung.heightPx}`,
    'FRAME-RATE': (frameRate.numerator / frameRate.denominator).toFixed(3),
    ...(audio.length === 0 ? {} : { AUDIO: quoted(AUDIO_GROUP) }),
    ...(text.length === 0 ? {} : { SUBTITLES: quoted(TEXT_GROUP) }),
  })}`;
}

/** In its own language, as whoever looks for it would look; the second of one language has its number. */
function audioName({ rendition, track }: AudioPlan): string {
  const language = languageOf(track);
  const name = language === 'und' ? 'Audio' : new Intl.DisplayNames([language], { type: 'language' }).of(language);
  const [, number] = /-(\d+)$/.exec(rendition) ?? [];
  return number === undefined ? (name ?? language) : `${name ?? language} ${number}`;
}

const audioVariant = ({ made, bandwidth }: AudioOffer, audio: readonly AudioOffer[]): string =>
  `#EXT-X-STREAM-INF:${attributes({
    BANDWIDTH: bandwidth.peakBps,
    'AVERAGE-BANDWIDTH': bandwidth.averageBps,
    CODECS: quoted(made.codec),
    ...(audio.length === 1 ? {} : { AUDIO: quoted(AUDIO_GROUP) }),
  })}`;

export const durationSeconds = (offer: Offer): number =>
  Math.max(...[...offer.video, ...offer.audio].map(({ made }) => secondsOf(made)));
