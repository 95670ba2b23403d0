import {
  type Captions,
  languageName,
  MAX_CAPTION_BYTES,
  parseCaptions,
  parseLanguage,
  shifted,
  webVtt,
} from '../domain/captions.ts';
import { DomainError } from '../domain/errors.ts';
import type { TextResult, TextSpec, TextTrackFacts } from '../domain/tasks.ts';
import type { EncodeDeps } from './encode-chunk.ts';
import { textArgs } from './ffmpeg-args.ts';
import { runTool } from './run-ffmpeg.ts';
import { ToolError } from './task-error.ts';

const BASE_DEADLINE_MS = 120_000;
/** All of the source passes by, and nothing of it is decoded but the text. */
const DEADLINE_MS_PER_SECOND = 500;

/**
 * The subtitles that lie in the source as text, one track for each language: the first. What cannot be read is left out,
 * since a video plays without.
 * @throws DomainError store_unavailable; the signal's reason
 */
export async function extractText(spec: TextSpec, deps: EncodeDeps): Promise<TextResult> {
  const tracks = new Map<string, Captions>();
  for (const track of spec.tracks) {
    const language = languageOf(track);
    if (tracks.has(language)) continue;
    const webvtt = await textOf(track, spec, deps);
    if (webvtt) tracks.set(language, { language, label: languageName(language), origin: 'embedded', webvtt });
  }
  return { tracks: [...tracks.values()] };
}

/** Files name languages by ISO 639-2, which BCP 47 shortens; some by words. */
function languageOf({ language = 'und' }: TextTrackFacts): string {
  try {
    return parseLanguage(language);
  } catch (error) {
    if (error instanceof DomainError) return 'und';
    throw error;
  }
}

async function textOf(track: TextTrackFacts, spec: TextSpec, deps: EncodeDeps): Promise<string | undefined> {
  using source = deps.sources.lend(spec.source, deps.log);
  let text = '';
  const run = {
    program: 'ffmpeg' as const,
    args: textArgs(source.url, track.streamIndex),
    readers: [
      async (output: AsyncIterable<Uint8Array>) => {
        text = await readText(output);
      },
    ],
    deadlineMs: BASE_DEADLINE_MS + spec.durationSeconds * DEADLINE_MS_PER_SECOND,
    signal: deps.signal,
  };
  try {
    await runTool(run, deps);
    source.assertUnbroken();
    return webVtt(shifted(parseCaptions(text), Number(spec.originSeconds) * 1000), 0);
  } catch (err) {
    deps.signal.throwIfAborted();
    source.assertUnbroken();
    const isOfSource = err instanceof ToolError || (err instanceof DomainError && err.code === 'bad_captions');
    if (!isOfSource) throw err;
    deps.log.warn('text_skipped', { streamIndex: track.streamIndex, err });
    return undefined;
  }
}

async function readText(output: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of output) {
    bytes += chunk.byteLength;
    if (bytes > MAX_CAPTION_BYTES)
      throw new ToolError('ffmpeg_output', `subtitles of more than ${MAX_CAPTION_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
