import { DomainError } from '../domain/errors.ts';
import { imageKey } from '../domain/object-keys.ts';
import {
  POSTER_NAME,
  STORYBOARD_NAME,
  type Storyboard,
  sheetCount,
  sheetName,
  storyboardOf,
  storyboardVtt,
} from '../domain/storyboard.ts';
import type { ImagesResult, ImagesSpec, VideoTrackFacts } from '../domain/tasks.ts';
import type { EncodeDeps } from './encode-chunk.ts';
import { coverArgs, posterArgs, storyboardArgs } from './image-args.ts';
import { runTool } from './run-ffmpeg.ts';
import { splitJpegs } from './split-jpegs.ts';
import { ToolError } from './task-error.ts';

const BASE_DEADLINE_MS = 120_000;
/** Keyframes alone are decoded at more than a hundred times real time. */
const DEADLINE_MS_PER_SECOND = 200;
/** Where the poster is looked for: titles and black stand before. */
const POSTER_AT = 0.1;

/**
 * Makes and stores the poster and the storyboard. A video plays without them, so where the tool fails on the source
 * they are left out, which the log says.
 * @throws DomainError store_unavailable; the signal's reason
 */
export async function makeImages(spec: ImagesSpec, deps: EncodeDeps): Promise<ImagesResult> {
  const { from } = spec;
  if ('coverStreamIndex' in from) {
    const poster = await unlessToolFails('poster', deps, () => keepCover(spec, from.coverStreamIndex, deps));
    return { poster, storyboard: false };
  }
  const poster = await unlessToolFails('poster', deps, () => makePoster(spec, from.track, deps));
  const storyboard = await unlessToolFails('storyboard', deps, () => makeStoryboard(spec, from.track, deps));
  return { poster, storyboard };
}

/** Whatever its format, it becomes a JPEG of a poster's size. */
async function keepCover(spec: ImagesSpec, streamIndex: number, deps: EncodeDeps): Promise<void> {
  const [jpeg] = await jpegsOf(spec, deps, (url) => coverArgs(url, streamIndex));
  if (!jpeg) throw new ToolError('ffmpeg_output', 'no picture in the cover');
  await putImage(spec, POSTER_NAME, jpeg, deps);
}

async function makePoster(spec: ImagesSpec, track: VideoTrackFacts, deps: EncodeDeps): Promise<void> {
  const { durationSeconds } = spec;
  const seconds = track.jumps ? 0 : durationSeconds * POSTER_AT;
  let [jpeg] = await jpegsOf(spec, deps, (url) => posterArgs(url, track, seconds));
  // Short videos often have one keyframe, at the start.
  if (!jpeg) [jpeg] = await jpegsOf(spec, deps, (url) => posterArgs(url, track, 0));
  if (!jpeg) throw new ToolError('ffmpeg_output', 'no picture for the poster');
  await putImage(spec, POSTER_NAME, jpeg, deps);
}

async function makeStoryboard(spec: ImagesSpec, track: VideoTrackFacts, deps: EncodeDeps): Promise<void> {
  // Keyframes may lie further apart than a jump is long, so from them alone it cannot be told which stretch a time is of.
  if (track.jumps) throw new DomainError('source_unsupported', 'The timestamps of the source jump.');
  const { durationSeconds } = spec;
  const board: Storyboard = storyboardOf(track, durationSeconds);
  const sheets = await jpegsOf(spec, deps, (url) => storyboardArgs(url, track, board));
  if (sheets.length !== sheetCount(board)) {
    throw new ToolError('ffmpeg_output', `${sheets.length} sheets, ${sheetCount(board)} were planned`);
  }
  for (const [i, sheet] of sheets.entries()) await putImage(spec, sheetName(i), sheet, deps);
  await putImage(spec, STORYBOARD_NAME, Buffer.from(storyboardVtt(board, durationSeconds)), deps, 'text/vtt');
}

async function jpegsOf(
  { source, durationSeconds }: ImagesSpec,
  deps: EncodeDeps,
  argsFor: (url: string) => string[],
): Promise<Buffer[]> {
  using lent = deps.sources.lend(source, deps.log);
  const jpegs: Buffer[] = [];
  const run = {
    program: 'ffmpeg' as const,
    args: argsFor(lent.url),
    readers: [
      async (output: AsyncIterable<Uint8Array>) => {
        for await (const jpeg of splitJpegs(output)) jpegs.push(jpeg);
      },
    ],
    deadlineMs: BASE_DEADLINE_MS + durationSeconds * DEADLINE_MS_PER_SECOND,
    signal: deps.signal,
  };
  try {
    await runTool(run, deps);
  } catch (error) {
    deps.signal.throwIfAborted();
    lent.assertUnbroken();
    throw error;
  }
  return jpegs;
}

async function putImage(
  { source, generation }: ImagesSpec,
  name: string,
  bytes: Uint8Array,
  { store, signal }: EncodeDeps,
  contentType = 'image/jpeg',
): Promise<void> {
  await store.putIfAbsent(imageKey({ videoId: source.videoId, generation, name }), bytes, { contentType, signal });
}

async function unlessToolFails(what: string, { log }: EncodeDeps, make: () => Promise<void>): Promise<boolean> {
  try {
    await make();
    return true;
  } catch (err) {
    const isOfSource = err instanceof ToolError || (err instanceof DomainError && err.kind === 'unprocessable');
    if (!isOfSource) throw err;
    log.warn('images_skipped', { what, err });
    return false;
  }
}
