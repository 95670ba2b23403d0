import { DomainError } from '../domain/errors.ts';
import type { AudioTrackFacts, SourceFacts, TextTrackFacts } from '../domain/tasks.ts';
import type { Description, StreamDescription } from './describe-source.ts';
import type { PacketPace } from './packet-pace.ts';
import { steadySound } from './steady-sound.ts';
import { jumpsOf, type SourceTimes, seconds, steadyTicks, timeBaseOf, timesOf } from './stream-times.ts';
import { hasIndex, videoFacts } from './video-facts.ts';

export type { SourceTimes } from './stream-times.ts';

/** Joins what the file says about itself with what its packets say. @throws DomainError source_truncated, source_unsupported */
export function factsOf(source: Description, times: SourceTimes): SourceFacts {
  const pictures = source.streams.filter(isMovingPicture);
  const videoStream = pictures.find((stream) => stream.disposition?.default === 1) ?? pictures[0];
  if (videoStream) assertKnown(videoStream);
  const audio = source.streams.filter(isSound).flatMap((stream) => audioFacts(stream, { times, videoStream }) ?? []);
  const video = videoStream && videoFacts(videoStream, { source, times, audio });
  const soundSeconds = Math.max(0, ...audio.map((track) => track.durationSeconds));
  const durationSeconds = video
    ? (video.frames * video.frameRate.denominator) / video.frameRate.numerator
    : soundSeconds;
  assertAllThere(source, times);
  const coverStreamIndex = source.streams.find(isCover)?.index;
  const cover = video || coverStreamIndex === undefined ? {} : { coverStreamIndex };
  const text = source.streams.flatMap((stream) => textFacts(stream) ?? []);
  return {
    container: source.format.format_name,
    durationSeconds,
    ...(video ? { video } : {}),
    audio,
    ...(text.length > 0 ? { text } : {}),
    ...cover,
  };
}

/** Without a decoder every attempt would fail, and sound alone is not what was uploaded. */
function assertKnown({ codec_name: codec, codec_tag_string: tag }: StreamDescription): void {
  if (codec !== undefined && codec !== 'none' && codec !== 'unknown') return;
  const named = tag === undefined || tag.includes('[') ? '' : ` (${tag})`;
  throw new DomainError('source_unsupported', `The picture is in a format${named} that cannot be decoded.`);
}

/** Of those that ffmpeg turns into WebVTT; the others are pictures. */
const TEXT_CODECS: ReadonlySet<string> = new Set(['subrip', 'ass', 'ssa', 'mov_text', 'webvtt', 'text']);

function textFacts({
  codec_type: type,
  codec_name: codec,
  index,
  tags,
}: StreamDescription): TextTrackFacts | undefined {
  if (type !== 'subtitle' || codec === undefined || !TEXT_CODECS.has(codec)) return undefined;
  const language = tags?.language;
  return { streamIndex: index, codec, ...(language === undefined ? {} : { language }) };
}

/** Cover art is a video stream too, of one picture. */
export const isCover = ({ disposition }: StreamDescription): boolean => disposition?.attached_pic === 1;

export const isMovingPicture = (stream: StreamDescription): boolean =>
  stream.codec_type === 'video' && !isCover(stream) && (stream.width ?? 0) > 0 && (stream.height ?? 0) > 0;

const isSound = (stream: StreamDescription): boolean =>
  stream.codec_type === 'audio' && stream.codec_name !== undefined && Number(stream.sample_rate) > 0;

type Beside = { readonly times: SourceTimes; readonly videoStream: StreamDescription | undefined };

function audioFacts(stream: StreamDescription, { times, videoStream }: Beside): AudioTrackFacts | undefined {
  const { head, tail } = timesOf(stream, times);
  if (head?.startTicks === undefined || tail?.endTicks === undefined) return undefined;
  const timeBase = timeBaseOf(stream);
  const language = stream.tags?.language;
  const { spans } = head;
  const startSeconds = startOf(stream, head.startTicks, spans.length > 1);
  const hasJumps = spans.length > 1;
  const picture = videoStream && times.head.get(videoStream.index);
  // Jumps are the same for all tracks, to the tick: those of the picture, which has no overlaps to be cut.
  const jumps =
    videoStream && picture?.spans.length === spans.length
      ? jumpsOf(picture.spans, timeBaseOf(videoStream))
      : jumpsOf(spans, timeBase);
  return {
    streamIndex: stream.index,
    codec: stream.codec_name ?? 'unknown',
    channels: stream.channels ?? 2,
    sampleRateHz: Number(stream.sample_rate),
    ...(language === undefined ? {} : { language }),
    ...(stream.disposition?.default === 1 ? { isDefault: true } : {}),
    startSeconds: startSeconds.toFixed(9),
    durationSeconds: hasJumps ? seconds(steadyTicks(spans), timeBase) : seconds(tail.endTicks, timeBase) - startSeconds,
    ...(jumps.length > 0 ? { jumps } : paceOf(stream, times)),
  };
}

function paceOf(stream: StreamDescription, { head, tail, between = [] }: SourceTimes): Pick<AudioTrackFacts, 'steady'> {
  const { numerator, denominator } = timeBaseOf(stream);
  const looks = [head, ...between, tail].map((look) => look.get(stream.index)?.pace ?? NO_PACE);
  const steady = steadySound({
    sampleRateHz: Number(stream.sample_rate),
    ticksPerSecond: denominator / numerator,
    looks,
  });
  return steady ? { steady } : {};
}

/** Where a track is silent, as in a gap, nothing can be told. */
const NO_PACE: PacketPace = { isGapless: false, places: [] };

/** What an encoder put before the first sample is left out of the stream's own start, where the container tells. */
function startOf(stream: StreamDescription, startTicks: number, hasJumps: boolean): number {
  const packetSeconds = seconds(startTicks, timeBaseOf(stream));
  const statedSeconds = Number(stream.start_time);
  return !hasJumps && statedSeconds > packetSeconds ? statedSeconds : packetSeconds;
}

/** Rounding and a track that ends a little early are no loss. */
const TOLERATED_SECONDS = 1;
const TOLERATED_SHARE = 0.02;

/** MP4 and Matroska say in their header how long they are: a shorter one lost its end on the way. */
function assertAllThere(source: Description, { tail }: SourceTimes): void {
  const announced = Number(source.format.duration);
  if (!hasIndex(source) || !(announced > 0)) return;
  // A late start counts as part of the length in some files, and not in others.
  const start = Math.min(0, Number(source.format.start_time ?? 0));
  const ends = source.streams.map((stream) => seconds(tail.get(stream.index)?.endTicks ?? 0, timeBaseOf(stream)));
  const foundSeconds = Math.max(0, ...ends) - start;
  if (foundSeconds >= announced - Math.max(TOLERATED_SECONDS, announced * TOLERATED_SHARE)) return;
  const found = `${foundSeconds.toFixed(1)} of ${announced.toFixed(1)} s`;
  throw new DomainError('source_truncated', `The source announces more than it holds: ${found} were found.`);
}
