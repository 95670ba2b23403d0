import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const MAX_OUTPUT_BYTES = 256 * 1024 * 1024;

export async function ffmpeg(...args: string[]): Promise<string> {
  const { stdout } = await run('ffmpeg', ['-nostdin', '-v', 'error', '-y', ...args], { maxBuffer: MAX_OUTPUT_BYTES });
  return stdout;
}

export async function ffprobe(...args: string[]): Promise<string> {
  const { stdout } = await run('ffprobe', ['-v', 'error', ...args], { maxBuffer: MAX_OUTPUT_BYTES });
  return stdout;
}

export type ClipOptions = { seconds: number; size?: string; rate?: string; audio?: boolean; codec?: readonly string[] };

/** A moving test picture, with a tone that changes, as H.264 with B-frames and AAC unless told otherwise. */
export async function makeClip(file: string, options: ClipOptions): Promise<void> {
  const { seconds, size = '640x360', rate = '30', audio = true } = options;
  const codec = options.codec ?? ['-c:v', 'libx264', '-preset', 'ultrafast', '-bf', '2', '-g', '60', '-c:a', 'aac'];
  const picture = ['-f', 'lavfi', '-i', `testsrc2=s=${size}:r=${rate}:d=${seconds}`];
  const tone = `aevalsrc=0.3*sin(2*PI*(300+200*t)*t)|0.3*sin(2*PI*(500+90*t)*t):s=48000:d=${seconds}`;
  const sound = audio ? ['-f', 'lavfi', '-i', tone] : [];
  await ffmpeg(...picture, ...sound, '-pix_fmt', 'yuv420p', ...codec, file);
}

/** As {@link makeClip}, with two tones, tagged as English and German. */
export async function makeTwoLanguageClip(file: string, { seconds, size }: { seconds: number; size: string }) {
  const tone = (hz: number): string[] => ['-f', 'lavfi', '-i', `sine=${hz}:r=48000:d=${seconds}`];
  const picture = ['-f', 'lavfi', '-i', `testsrc2=s=${size}:r=25:d=${seconds}`];
  const maps = ['-map', '0:v', '-map', '1:a', '-map', '2:a', '-pix_fmt', 'yuv420p'];
  const languages = ['-metadata:s:a:0', 'language=eng', '-metadata:s:a:1', 'language=ger'];
  const codec = ['-c:v', 'libx264', '-preset', 'ultrafast', '-c:a', 'aac', '-disposition:a:0', 'default'];
  await ffmpeg(...picture, ...tone(440), ...tone(880), ...maps, ...codec, ...languages, file);
}

/** Frames of each video stream that ffmpeg decodes from a playlist or manifest, and what it complained about. */
export async function decodedFrames(url: string): Promise<number[]> {
  const listed = await ffprobe('-select_streams', 'v', '-show_entries', 'stream=index', '-of', 'csv=p=0', url);
  const streams = new Set(listed.match(/\d+/g)).size;
  const frames: number[] = [];
  // One by one: where the DASH demuxer of ffmpeg 5.1 reads several representations, it ends with the first one that ends,
  // and the last packets of the others are lost.
  for (let stream = 0; stream < streams; stream++) {
    const hashes = await ffmpeg(
      '-xerror',
      '-i',
      url,
      '-map',
      `0:v:${stream}`,
      '-fps_mode',
      'passthrough',
      '-f',
      'framemd5',
      '-',
    );
    frames.push(hashes.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length);
  }
  return frames;
}
