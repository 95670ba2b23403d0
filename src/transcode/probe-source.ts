import { AUDIO_CHUNK_SECONDS } from '../domain/audio-chunks.ts';
import { DomainError } from '../domain/errors.ts';
import type { ProbeSpec, SourceFacts } from '../domain/tasks.ts';
import { DESCRIBE_DEADLINE_MS, type Description, describeSource } from './describe-source.ts';
import { packetArgs } from './ffmpeg-args.ts';
import { type PacketTimes, readPackets, type TrackHint } from './read-packets.ts';
import { runTool, type ToolDeps } from './run-ffmpeg.ts';
import { factsOf, isCover, isMovingPicture, type SourceTimes } from './source-facts.ts';
import type { SourceServer } from './source-server.ts';
import { timeBaseOf } from './stream-times.ts';

export type ProbeDeps = ToolDeps & {
  readonly sources: Pick<SourceServer, 'lend'>;
  readonly signal: AbortSignal;
};

/** Enough to see the start of every track and a few keyframes. */
const HEAD_SECONDS = 15;
/** From here to the end; a seek lands on the keyframe before. */
const TAIL_SECONDS = 8;
/** Below this one look at everything is cheaper than two at the ends. */
const SHORT_SECONDS = 40;
/** Where the end cannot be found by seeking, the whole file is read, which may be many gigabytes. */
const SCAN_DEADLINE_MS = 900_000;

/**
 * Reads the facts of a source. The number of frames is found from the timestamps of the last packets, so that
 * it is exactly what encoding will find, and cheap however long the source is.
 * @throws DomainError not_a_video, source_truncated, store_unavailable; ToolError; the signal's reason
 */
export async function probeSource({ source }: ProbeSpec, deps: ProbeDeps): Promise<SourceFacts> {
  using lent = deps.sources.lend(source, deps.log);
  try {
    const description = await describeSource(lent.url, deps);
    assertReadable(description);
    return factsOf(description, await findTimes(lent.url, description, deps));
  } catch (error) {
    deps.signal.throwIfAborted();
    lent.assertUnbroken();
    throw error;
  }
}

function assertReadable({ streams }: Description): void {
  // ffprobe leaves the size out where it is beyond what it may decode.
  const hidden = streams.some((stream) => stream.codec_type === 'video' && !stream.width && !isCover(stream));
  if (hidden && !streams.some(isMovingPicture)) {
    throw new DomainError('source_unsupported', 'The source cannot be processed: its picture is larger than 8K.');
  }
  if (!streams.some(isTimed)) throw new DomainError('not_a_video');
}

async function findTimes(url: string, description: Description, deps: ProbeDeps): Promise<SourceTimes> {
  const durationSeconds = Number(description.format.duration ?? 0);
  const start = Number(description.format.start_time ?? 0);
  const look = (interval?: string) => packetTimes(url, { interval, hints: hintsOf(description) }, deps);
  if (durationSeconds > SHORT_SECONDS && !mayJump(description)) {
    const [head, tail] = await Promise.all([
      look(`%+${HEAD_SECONDS}`),
      look(`${(start + lastTrackStart(description) - TAIL_SECONDS).toFixed(3)}%`),
    ]);
    if (sawAll(description, tail) && isSteady(head) && isSteady(tail)) {
      const between = await lookBetween(description, look);
      return { head, tail, between };
    }
  }
  const all = await look();
  return { head: all, tail: all };
}

/** Clocks that drift, and gaps, show in one of these places: a chunk of sound needs times that are steady throughout. */
const PLACES_BETWEEN = [0.21, 0.43, 0.68, 0.87];
const BETWEEN_SECONDS = 2;

/** In sources whose sound may be cut. */
async function lookBetween(
  { format, streams }: Description,
  look: (interval: string) => Promise<Map<number, PacketTimes>>,
): Promise<Map<number, PacketTimes>[]> {
  const durationSeconds = Number(format.duration);
  if (durationSeconds < AUDIO_CHUNK_SECONDS || !streams.some(({ codec_type: type }) => type === 'audio')) return [];
  const start = Number(format.start_time ?? 0);
  const found: Map<number, PacketTimes>[] = [];
  for (const place of PLACES_BETWEEN) {
    found.push(await look(`${(start + place * durationSeconds).toFixed(3)}%+${BETWEEN_SECONDS}`));
  }
  return found;
}

/** Where times jump near an end, they may do so anywhere. */
const isSteady = (times: ReadonlyMap<number, PacketTimes>): boolean =>
  [...times.values()].every(({ spans }) => spans.length === 1);

/** Broadcasts are joined from pieces whose clocks differ, and have no index that would say so: all of it is read. */
const BROADCAST = /^(mpegts|mpeg)$/;
const mayJump = ({ format }: Description): boolean => BROADCAST.test(format.format_name);

const hintsOf = (description: Description): ReadonlyMap<number, TrackHint> =>
  new Map(
    description.streams.map((stream) => {
      const { numerator, denominator } = timeBaseOf(stream);
      const reorderFrames = stream.codec_type === 'video' ? (stream.has_b_frames ?? 0) : 0;
      const hint = { ticksPerSecond: denominator / numerator, reorderFrames, jumpsAhead: mayJump(description) };
      return [stream.index, hint];
    }),
  );

/** Tracks may end at different times: look from where the shortest one that matters ends. */
function lastTrackStart({ format, streams }: Description): number {
  const ends = streams.filter(isTimed).map((stream) => Number(stream.duration ?? format.duration));
  return Math.min(Number(format.duration), ...ends.filter((end) => end > 0));
}

const isTimed = (stream: Description['streams'][number]): boolean =>
  isMovingPicture(stream) || stream.codec_type === 'audio';

const sawAll = ({ streams }: Description, tail: ReadonlyMap<number, PacketTimes>): boolean =>
  streams.filter(isTimed).every((stream) => tail.has(stream.index));

type Look = { readonly interval: string | undefined; readonly hints: ReadonlyMap<number, TrackHint> };

async function packetTimes(url: string, { interval, hints }: Look, deps: ProbeDeps) {
  let times = new Map<number, PacketTimes>();
  await runTool(
    {
      program: 'ffprobe',
      args: packetArgs(url, interval),
      readers: [
        async (output) => {
          times = await readPackets(output, hints);
        },
      ],
      deadlineMs: interval === undefined ? SCAN_DEADLINE_MS : DESCRIBE_DEADLINE_MS,
      signal: deps.signal,
    },
    deps,
  );
  return times;
}
