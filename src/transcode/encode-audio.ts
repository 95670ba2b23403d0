import { type AudioChunk, audioSpan, encodedSpan, wholeSound } from '../domain/audio-chunks.ts';
import { audioBoundaries } from '../domain/audio-plan.ts';
import type { AudioPlan, AudioSpec, EncodeResult, StoredRendition } from '../domain/tasks.ts';
import { audioArgs, seeksBack } from './audio-args.ts';
import { audioSegments, MissedStart } from './audio-segments.ts';
import { checkAudioSegment } from './check-segment.ts';
import type { EncodeDeps } from './encode-chunk.ts';
import { runTool } from './run-ffmpeg.ts';
import { type Standing, standingSegments, type Wanted } from './standing-segments.ts';
import { describeRendition, type RenditionOf, storeRendition } from './store-rendition.ts';

const BASE_DEADLINE_MS = 120_000;
/** AAC is made at more than 20 times real time; slower than real time means that it hangs. */
const DEADLINE_MS_PER_SECOND = 1000;
/** For sound that is only decoded, which takes a hundredth of its time or less. */
const MS_PER_SECOND_BEFORE = 100;

/**
 * Encodes one audio track, or one chunk of it, and stores its segments as they come. Sound is cheap to make: where any
 * segment of the task is missing it is all made again, and only what is missing is stored.
 * @throws DomainError store_unavailable; ToolError; the signal's reason
 */
export async function encodeAudio(spec: AudioSpec, deps: EncodeDeps): Promise<EncodeResult> {
  const { plan, source, generation, chunk = wholeSound(plan) } = spec;
  const of = { videoId: source.videoId, generation, rendition: plan.rendition, initType: 'audio/mp4' } as const;
  const cut = { plan, boundaries: audioBoundaries(plan) };
  const check: Wanted['check'] = (bytes, segment, track) => checkAudioSegment(bytes, segment, track, cut);
  const wanted = { of, firstSegment: chunk.firstSegment, count: chunk.segments, check };
  const standing = await standingSegments(wanted, deps);
  if (standing.init && standing.segments.length === chunk.segments) {
    return { renditions: [describeRendition(plan.rendition, standing.init, standing.segments)] };
  }
  return { renditions: [await encodeMissing({ spec, chunk, of, standing }, deps)] };
}

type Missing = {
  readonly spec: AudioSpec;
  readonly chunk: AudioChunk;
  readonly of: RenditionOf;
  readonly standing: Standing;
};

/** Where a seek missed the start, decoding starts earlier on the next try; the last one seeks nothing. */
async function encodeMissing(missing: Missing, deps: EncodeDeps): Promise<StoredRendition> {
  const { spec, chunk } = missing;
  let missed: MissedStart | undefined;
  for (const seekBackSeconds of seeksBack({ plan: spec.plan, span: encodedSpan(spec.plan, chunk) })) {
    try {
      return await encodeFrom(seekBackSeconds, missing, deps);
    } catch (error) {
      if (!(error instanceof MissedStart)) throw error;
      missed = error;
    }
  }
  throw new Error('sound was missed from its beginning on', { cause: missed });
}

async function encodeFrom(
  seekBackSeconds: number | undefined,
  { spec, chunk, of, standing }: Missing,
  deps: EncodeDeps,
): Promise<StoredRendition> {
  const { plan } = spec;
  const span = encodedSpan(plan, chunk);
  const wasSought = seekBackSeconds !== undefined;
  using lent = deps.sources.lend(spec.source, deps.log);
  let stored: StoredRendition | undefined;
  const run = {
    program: 'ffmpeg' as const,
    args: audioArgs({ url: lent.url, plan, span, ...(wasSought ? { seekBackSeconds } : {}) }),
    readers: [
      async (output: AsyncIterable<Uint8Array>) => {
        const pieces = audioSegments(output, { plan, chunk, span, wasSought });
        stored = await storeRendition(pieces, of, deps, standing);
      },
    ],
    deadlineMs: deadlineOf(plan, chunk),
    signal: deps.signal,
  };
  try {
    await runTool(run, deps);
  } catch (error) {
    deps.signal.throwIfAborted();
    lent.assertUnbroken();
    throw error;
  }
  // The end is padded with silence, so a source that could not be read would pass for a short one.
  lent.assertUnbroken();
  if (!stored) throw new Error(`${plan.rendition}: ffmpeg ended before its output was read`);
  return stored;
}

/** The last try decodes all that comes before the chunk. */
function deadlineOf(plan: AudioPlan, chunk: AudioChunk): number {
  const { startSample, endSample } = audioSpan(plan, chunk);
  const seconds = (endSample - startSample) / plan.sampleRateHz;
  const secondsBefore = startSample / plan.sampleRateHz;
  return BASE_DEADLINE_MS + seconds * DEADLINE_MS_PER_SECOND + secondsBefore * MS_PER_SECOND_BEFORE;
}
