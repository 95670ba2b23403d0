import {
  type Captions,
  languageName,
  MAX_CAPTION_BYTES,
  MAX_CAPTION_TRACKS,
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
/** All tracks go to the orchestrator in one message, which takes 16 MiB (orchestrate/server.ts). */
const MAX_SENT_BYTES = 12 * 1024 * 1024;

/**
 * The subtitles that lie in the source as text, one track for each language: the first. What cannot be read is left out,
 * since a video plays without.
 * @throws DomainError store_unavailable; the signal's reason
 */
export async function extractText(spec: TextSpec, deps: EncodeDeps): Promise<TextResult> {
  const tracks = new Map<string, Captions>();
  let leftBytes = MAX_SENT_BYTES;
  for (const track of spec.tracks) {
    if (tracks.size === MAX_CAPTION_TRACKS) break;
    const language = languageOf(track);
    if (tracks.has(language)) continue;
    const webvtt = await textOf(track, Math.min(leftBytes, MAX_CAPTION_BYTES), spec, deps);
    if (webvtt === undefined) continue;
    leftBytes -= sentBytes(webvtt);
    tracks.set(language, { language, label: languageName(language), origin: 'embedded', webvtt });
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

/** Control characters, line breaks among them, take more in a message than in the text. */
const sentBytes = (webvtt: string): number => Buffer.byteLength(JSON.stringify(webvtt));

async function textOf(
  track: TextTrackFacts,
  maxBytes: number,
  spec: TextSpec,
  deps: EncodeDeps,
): Promise<string | undefined> {
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
    const webvtt = webVtt(shifted(parseCaptions(text), Number(spec.originSeconds) * 1000), 0);
    // Longer than what was read: here each time has its hours.
    if (sentBytes(webvtt) > maxBytes) throw tooLong(maxBytes);
    return webvtt;
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
    if (bytes > MAX_CAPTION_BYTES) throw tooLong(MAX_CAPTION_BYTES);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

const tooLong = (maxBytes: number): ToolError =>
  new ToolError('ffmpeg_output', `subtitles of more than ${maxBytes} bytes`);
