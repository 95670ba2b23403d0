import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ffmpeg } from '../../test/support/media.ts';

const ROUND_SECONDS = 30;

/**
 * A camera would do better, but none is here: a flight into the Mandelbrot set has detail at every size, so that each rung
 * costs about twice the one below it. It is flown once and repeated.
 */
export async function makeSource(folder: string, seconds: number): Promise<string> {
  const round = join(folder, 'round.mp4');
  const source = join(folder, 'Flight.mp4');
  if (existsSync(source)) return source;
  const picture = ['-f', 'lavfi', '-i', `mandelbrot=s=1280x720:r=25:end_scale=0.02:end_pts=${ROUND_SECONDS * 25}`];
  const sound = ['-f', 'lavfi', '-i', 'sine=330:r=48000'];
  const codecs = ['-pix_fmt', 'yuv420p', '-c:v', 'libx264', '-preset', 'ultrafast', '-crf', '20', '-c:a', 'aac'];
  await ffmpeg(...picture, ...sound, '-t', String(ROUND_SECONDS), ...codecs, round);
  const rounds = Math.ceil(seconds / ROUND_SECONDS) - 1;
  await ffmpeg('-stream_loop', String(rounds), '-i', round, '-t', String(seconds), '-c', 'copy', source);
  return source;
}
