import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { FrameRate } from '../../src/domain/tasks.ts';

const run = promisify(execFile);

/**
 * Clips that say which frame is shown: frame n is eight stripes, black or white like the bits of n. With every
 * marked frame a beep begins, so that both can be looked for in whatever was made of the clip.
 */
export type Marks = { readonly rate: FrameRate; readonly frames: number };

export const rateOf = (numerator: number, denominator = 1): FrameRate => ({ numerator, denominator });
export const secondsOfFrame = ({ rate }: Marks, frame: number): number => (frame * rate.denominator) / rate.numerator;
const fpsOf = ({ rate }: Marks): number => rate.numerator / rate.denominator;

/** One near the start and one near the end. */
export const markedFrames = (marks: Marks): [first: number, last: number] => [
  Math.round(0.8 * fpsOf(marks)),
  marks.frames - Math.round(0.6 * fpsOf(marks)),
];

const STRIPES = 8;
const NUMBERS = 2 ** STRIPES;

/** The picture as an input of ffmpeg; `format` is the last one the filters convert to. */
export function stripes({ rate, frames }: Marks, size = '320x180', filters = 'format=yuv420p'): string[] {
  const [width] = size.split('x');
  const bits = `geq=lum='if(bitand(N,pow(2,X)),235,16)':cb=128:cr=128`;
  const source = `nullsrc=s=${STRIPES}x2:r=${rate.numerator}/${rate.denominator},trim=end_frame=${frames},format=yuv444p`;
  const scale = `scale=${width}:${size.slice((width ?? '').length + 1)}:flags=neighbor,setsar=1`;
  return ['-f', 'lavfi', '-i', `${source},${bits},${scale},${filters}`];
}

const BEEP_SECONDS = 0.1;

/** A beep with each marked frame, `seconds` long in all. */
export function beeps(marks: Marks, options: { seconds?: number; rateHz?: number; layout?: string } = {}): string[] {
  const { seconds = secondsOfFrame(marks, marks.frames), rateHz = 48_000, layout = 'stereo' } = options;
  const at = markedFrames(marks).map((frame) => secondsOfFrame(marks, frame));
  const on = at.map((start) => `between(t,${start.toFixed(6)},${(start + BEEP_SECONDS).toFixed(6)})`).join('+');
  return ['-f', 'lavfi', '-i', `aevalsrc='0.5*sin(2*PI*1000*t)*(${on})':s=${rateHz}:c=${layout}:d=${seconds}`];
}

export type Held = 'upright' | 'left' | 'right' | 'upside down';
const SEEN: Readonly<Record<Held, string>> = {
  upright: `scale=${STRIPES}:1:flags=area`,
  'upside down': `hflip,scale=${STRIPES}:1:flags=area`,
  right: `scale=1:${STRIPES}:flags=area`,
  left: `vflip,scale=1:${STRIPES}:flags=area`,
};

/** The numbers of the frames that a file shows, in order. */
export async function numbersShown(path: string, held: Held = 'upright'): Promise<number[]> {
  const input = ['-nostdin', '-v', 'error', '-noautorotate', '-i', path, '-fps_mode', 'passthrough'];
  const { stdout } = await run('ffmpeg', [...input, '-vf', `extractplanes=y,${SEEN[held]}`, '-f', 'rawvideo', '-'], {
    encoding: 'buffer',
    maxBuffer: 1 << 24,
  });
  return Array.from({ length: stdout.length / STRIPES }, (_, i) =>
    stdout.subarray(i * STRIPES, (i + 1) * STRIPES).reduce((sum, luma, bit) => sum + (luma > 125 ? 2 ** bit : 0), 0),
  );
}

export const numberOf = (frame: number): number => frame % NUMBERS;

const LOUD = 0.1;
const QUIET_SAMPLES = 12_000;

/** Where sounds begin after a quarter of a second of silence, in samples. */
export function onsets(samples: Float32Array): number[] {
  const found: number[] = [];
  let lastLoud = -QUIET_SAMPLES;
  for (const [i, sample] of samples.entries()) {
    if (Math.abs(sample) < LOUD) continue;
    if (i - lastLoud >= QUIET_SAMPLES) found.push(i);
    lastLoud = i;
  }
  return found;
}
