import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const MAX_OUTPUT_BYTES = 64 * 2 ** 20;

export type RungQuality = { readonly heightPx: number; readonly ssim: number; readonly videoBytes: number };
type Playlist = { readonly heightPx: number; readonly input: string };

/** How near each rung is to its source, scaled to the rung's size, and what its pictures take without any container. */
export async function rungQualities(source: string, playlists: readonly Playlist[]): Promise<RungQuality[]> {
  const all: RungQuality[] = [];
  for (const { heightPx, input } of playlists)
    all.push({ heightPx, ssim: await ssimOf(source, input), videoBytes: await videoBytesOf(input) });
  return all.sort((a, b) => a.heightPx - b.heightPx);
}

/** The media playlists of a multivariant one, of H.264 and by their heights. */
export async function playlistsOf(multivariantUrl: string): Promise<Playlist[]> {
  const answer = await fetch(multivariantUrl);
  const text = await answer.text();
  const variants = [...text.matchAll(/^#EXT-X-STREAM-INF:.*RESOLUTION=\d+x(\d+).*\n(.+)$/gm)];
  if (variants.length === 0) throw new Error(`${answer.url} lists no variant`);
  return variants.map(([, heightPx, uri = '']) => ({
    heightPx: Number(heightPx),
    input: new URL(uri, answer.url).href,
  }));
}

/** Structural similarity of all planes, 1 where every picture is the same (ffmpeg's filter of that name). */
async function ssimOf(source: string, input: string): Promise<number> {
  const graph = '[1:v][0:v]scale2ref=flags=bicubic[scaled][made];[made][scaled]ssim';
  const args = ['-nostdin', '-hide_banner', '-i', input, '-i', source, '-filter_complex', graph, '-f', 'null', '-'];
  const { stderr } = await run('ffmpeg', args, { maxBuffer: MAX_OUTPUT_BYTES });
  const all = /SSIM .*All:([\d.]+)/.exec(stderr)?.[1];
  if (all === undefined) throw new Error(`ffmpeg told no SSIM of ${input}`);
  return Number(all);
}

async function videoBytesOf(input: string): Promise<number> {
  const args = ['-v', 'error', '-select_streams', 'v', '-show_entries', 'packet=size', '-of', 'csv=p=0', input];
  const { stdout } = await run('ffprobe', args, { maxBuffer: MAX_OUTPUT_BYTES });
  return stdout.split('\n').reduce((sum, line) => sum + (Number.parseInt(line, 10) || 0), 0);
}
