import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { Outcome } from './steps.ts';

const run = promisify(execFile);

/** Long enough for a player to go down, up and to another edge while it still loads. */
export const CLIP_SECONDS = 90;
export const FRAMES_PER_SECOND = 25;
const DEADLINE_MS = 300_000;

/** A test picture in motion: time and number of each frame stand in its corner. With a tone. */
export async function makeClip(file: string, signal: AbortSignal): Promise<Outcome<undefined>> {
  const picture = ['-f', 'lavfi', '-i', `testsrc2=s=1280x720:r=${FRAMES_PER_SECOND}`];
  const sound = ['-f', 'lavfi', '-i', 'sine=330:r=48000'];
  const codecs = ['-pix_fmt', 'yuv420p', '-c:v', 'libx264', '-preset', 'ultrafast', '-crf', '26', '-c:a', 'aac'];
  const args = ['-nostdin', '-v', 'error', ...picture, ...sound, '-t', String(CLIP_SECONDS), ...codecs, file];
  await run('ffmpeg', args, { signal, timeout: DEADLINE_MS });
  const { size } = await stat(file);
  const frames = CLIP_SECONDS * FRAMES_PER_SECOND;
  return { seen: `${CLIP_SECONDS} s, ${frames} frames of 1280x720, ${(size / 1e6).toFixed(1)} MB`, gives: undefined };
}
