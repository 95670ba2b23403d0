import { secondsOf } from '../domain/cut-plan.ts';
import { DomainError } from '../domain/errors.ts';
import type { EncodeResult, EncodeSpec, Rung, StoredRendition } from '../domain/tasks.ts';
import { missingSpan, type StandingRungs, standingRungs, videoOf, wholeRendition } from './chunk-rest.ts';
import { videoArgs } from './ffmpeg-args.ts';
import { runTool, type ToolDeps } from './run-ffmpeg.ts';
import type { SourceServer } from './source-server.ts';
import { type StoreDeps, storeRendition } from './store-rendition.ts';
import { ToolError } from './task-error.ts';
import { videoSegments, WrongFrames } from './video-segments.ts';

export type EncodeDeps = ToolDeps & StoreDeps & { readonly sources: Pick<SourceServer, 'lend'> };

/** Starting ffmpeg, opening a large source and seeking in it, on a machine that does much else. */
const BASE_DEADLINE_MS = 120_000;
/** For one second of video in all rungs; a slow core takes 5 s for it. */
const DEADLINE_MS_PER_SECOND = 45_000;
const MS_PER_SECOND_BEFORE = 1_000;

/**
 * Encodes one chunk in all its rungs with one run of ffmpeg, and stores every segment as soon as it is whole. Segments
 * that an earlier attempt stored stay; encoding covers the span of those that any rung lacks.
 * @throws DomainError source_truncated, store_unavailable; ToolError; the signal's reason
 */
export async function encodeChunk(spec: EncodeSpec, deps: EncodeDeps): Promise<EncodeResult> {
  const standing = await standingRungs(spec, deps);
  const chunk = missingSpan(spec, [...standing.values()]);
  if (!chunk) return { renditions: [...standing].map(([rendition, found]) => wholeRendition(rendition, found)) };
  return { renditions: await encodeMissing({ ...spec, chunk }, standing, deps) };
}

/** Where a seek missed the first frame, decoding starts earlier on the next try. */
async function encodeMissing(spec: EncodeSpec, standing: StandingRungs, deps: EncodeDeps): Promise<StoredRendition[]> {
  let missed: WrongFrames | undefined;
  for (const prerollSeconds of prerolls(spec)) {
    try {
      return await encodeFrom(prerollSeconds, spec, standing, deps);
    } catch (error) {
      if (!(error instanceof WrongFrames)) throw error;
      missed = error;
    }
  }
  throw truncated(spec, missed);
}

/** With an index a seek lands on a keyframe before the time asked for; this covers reordered frames. */
const INDEXED_PREROLL_SECONDS = 0.5;
/** Without one it may land anywhere, and the first keyframe after that must still come before the chunk. */
const MIN_UNINDEXED_PREROLL_SECONDS = 3;

/** The second try goes back further, and the last one to the beginning, where there is nothing to miss. */
function prerolls({ track, chunk, grid }: EncodeSpec): number[] {
  const startSeconds = secondsOf(grid, chunk.firstFrame);
  const gopAndMore = track.keyframeIntervalSeconds * 1.5 + INDEXED_PREROLL_SECONDS;
  const first = track.seeksToKeyframe ? INDEXED_PREROLL_SECONDS : Math.max(gopAndMore, MIN_UNINDEXED_PREROLL_SECONDS);
  const wider = Math.max(2 * first, gopAndMore);
  const tries = [first, wider, startSeconds];
  const fromStart = tries.findIndex((preroll) => preroll >= startSeconds);
  return fromStart < 0 ? tries : tries.slice(0, fromStart + 1);
}

async function encodeFrom(
  prerollSeconds: number,
  spec: EncodeSpec,
  standing: StandingRungs,
  deps: EncodeDeps,
): Promise<StoredRendition[]> {
  using source = deps.sources.lend(spec.source, deps.log);
  const stored = new Map<string, StoredRendition>();
  const readerOf = (rung: Rung) => async (output: AsyncIterable<Uint8Array>) => {
    const { rendition } = rung;
    const pieces = videoSegments(output, spec);
    stored.set(rendition, await storeRendition(pieces, videoOf(spec, rung), deps, standing.get(rendition)));
  };
  const run = {
    program: 'ffmpeg' as const,
    args: videoArgs({ ...spec, url: source.url, prerollSeconds }),
    readers: spec.rungs.map(readerOf),
    deadlineMs: deadlineOf(spec),
    signal: deps.signal,
  };
  try {
    await runTool(run, deps);
  } catch (error) {
    deps.signal.throwIfAborted();
    source.assertUnbroken();
    throw decodesNothing(error) ? new WrongFrames(0, 'no picture can be decoded') : error;
  }
  return spec.rungs.flatMap(({ rendition }) => stored.get(rendition) ?? []);
}

/** Before its first frame a chunk may have to decode everything, faster than it plays. */
const deadlineOf = ({ grid, chunk }: EncodeSpec): number =>
  BASE_DEADLINE_MS +
  secondsOf(grid, chunk.frames) * DEADLINE_MS_PER_SECOND +
  secondsOf(grid, chunk.firstFrame) * MS_PER_SECOND_BEFORE;

/** Filters are made for the first picture that is decoded; ffmpeg ends with this where there was none. */
const decodesNothing = (error: unknown): boolean =>
  error instanceof ToolError && error.tail.includes('Cannot determine format of input stream');

function truncated({ chunk }: EncodeSpec, missed: WrongFrames | undefined): DomainError {
  const found = missed?.goodFrames ?? 0;
  const from = chunk.firstFrame;
  return new DomainError(
    'source_truncated',
    `Of frames ${from} to ${from + chunk.frames - 1} only the first ${found} were found: ${missed?.message ?? ''}.`,
    { cause: missed },
  );
}
