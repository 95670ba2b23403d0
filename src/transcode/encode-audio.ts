import { audioBoundaries } from '../domain/audio-plan.ts';
import type { AudioSpec, EncodeResult, StoredRendition } from '../domain/tasks.ts';
import { audioSegments } from './audio-segments.ts';
import { checkAudioSegment } from './check-segment.ts';
import type { EncodeDeps } from './encode-chunk.ts';
import { audioArgs } from './ffmpeg-args.ts';
import { runTool } from './run-ffmpeg.ts';
import { standingSegments, type Wanted } from './standing-segments.ts';
import { describeRendition, storeRendition } from './store-rendition.ts';

const BASE_DEADLINE_MS = 120_000;
/** AAC is made at more than 20 times real time; slower than real time means that it hangs. */
const DEADLINE_MS_PER_SECOND = 1000;

/**
 * Encodes one whole audio track and stores its segments as they come. Sound is cheap to make and dear to cut: where any
 * segment is missing it is all made again, and only what is missing is stored.
 * @throws DomainError store_unavailable; ToolError; the signal's reason
 */
export async function encodeAudio({ plan, source, generation }: AudioSpec, deps: EncodeDeps): Promise<EncodeResult> {
  const of = { videoId: source.videoId, generation, rendition: plan.rendition, initType: 'audio/mp4' } as const;
  const cut = { plan, boundaries: audioBoundaries(plan) };
  const count = cut.boundaries.length - 1;
  const check: Wanted['check'] = (bytes, segment, track) => checkAudioSegment(bytes, segment, track, cut);
  const standing = await standingSegments({ of, firstSegment: 0, count, check }, deps);
  if (standing.init && standing.segments.length === count) {
    return { renditions: [describeRendition(plan.rendition, standing.init, standing.segments)] };
  }
  using lent = deps.sources.lend(source);
  const stored: StoredRendition[] = [];
  const run = {
    program: 'ffmpeg' as const,
    args: audioArgs({ url: lent.url, plan }),
    readers: [
      async (output: AsyncIterable<Uint8Array>) => {
        stored.push(await storeRendition(audioSegments(output, plan), of, deps, standing));
      },
    ],
    deadlineMs: BASE_DEADLINE_MS + (plan.samples / plan.sampleRateHz) * DEADLINE_MS_PER_SECOND,
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
  return { renditions: stored };
}
