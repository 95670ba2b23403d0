import { secondsOf } from '../domain/cut-plan.ts';
import type { TrialResult, TrialSpec } from '../domain/tasks.ts';
import { trialRung, trialSamples } from '../domain/title-ladder.ts';
import { readBoxes } from '../lib/mp4/box-stream.ts';
import { readFragment } from '../lib/mp4/fragment.ts';
import type { EncodeDeps } from './encode-chunk.ts';
import { videoArgs } from './ffmpeg-args.ts';
import { pairBoxes } from './media-pieces.ts';
import { runTool } from './run-ffmpeg.ts';
import { ToolError } from './task-error.ts';

/** Two seconds of video at a small size; seeking in a large source takes most of it. */
const SAMPLE_DEADLINE_MS = 60_000;
/** A rate from the wrong pictures is as good, so one sure try is enough; this passes most keyframe distances. */
const PREROLL_SECONDS = 3;

/**
 * Encodes a few short samples at constant quality and one small size, and says what they took. A sample that cannot be
 * had is left out: the ladder then stays nearer to the standard one, and encoding itself finds what is wrong.
 * @throws DomainError store_unavailable; the signal's reason
 */
export async function tryQuality(spec: TrialSpec, deps: EncodeDeps): Promise<TrialResult> {
  using source = deps.sources.lend(spec.source, deps.log);
  const { widthPx, heightPx } = trialRung(spec.track);
  const ratesBps: number[] = [];
  for (const sample of trialSamples(spec.grid)) {
    const rate = await sampleRate(sample, spec, source.url, deps);
    source.assertUnbroken();
    if (rate !== undefined) ratesBps.push(rate);
  }
  return { widthPx, heightPx, ratesBps };
}

async function sampleRate(
  sample: { firstFrame: number; frames: number },
  { track, grid }: TrialSpec,
  url: string,
  deps: EncodeDeps,
): Promise<number | undefined> {
  const chunk = { chunk: 0, firstSegment: 0, ...sample };
  const prerollSeconds = track.seeksToKeyframe ? 0.5 : PREROLL_SECONDS;
  let took = { bytes: 0, frames: 0 };
  try {
    await runTool(
      {
        program: 'ffmpeg',
        args: videoArgs({ track, grid, rungs: [trialRung(track)], chunk, url, prerollSeconds }),
        readers: [
          async (output) => {
            took = await weigh(output);
          },
        ],
        deadlineMs: SAMPLE_DEADLINE_MS,
        signal: deps.signal,
      },
      deps,
    );
  } catch (error) {
    deps.signal.throwIfAborted();
    if (!(error instanceof ToolError)) throw error;
    deps.log.debug('trial_skipped', { firstFrame: sample.firstFrame, err: error });
    return undefined;
  }
  return took.frames === 0 ? undefined : Math.round((took.bytes * 8) / secondsOf(grid, took.frames));
}

async function weigh(output: AsyncIterable<Uint8Array>): Promise<{ bytes: number; frames: number }> {
  const took = { bytes: 0, frames: 0 };
  for await (const piece of pairBoxes(readBoxes(output))) {
    if ('kind' in piece) continue;
    took.bytes += piece.moof.length + piece.mdat.length;
    took.frames += readFragment(piece.moof).samples.length;
  }
  return took;
}
