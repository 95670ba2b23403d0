import { type Storyboard, TILES_PER_SIDE } from '../domain/storyboard.ts';
import type { VideoTrackFacts } from '../domain/tasks.ts';
import { afterScaling, beforeScaling, scalerOptions } from './colour-filters.ts';
import { guardedInput, QUIET } from './ffmpeg-args.ts';

/** Only keyframes are read and decoded: that bounds what a video of many hours costs. */
const KEYFRAMES_ONLY = ['-threads', '1', '-skip_frame', 'nokey', '-discard:v', 'nokey'];
const JPEGS = ['-c:v', 'mjpeg', '-threads', '1', '-fps_mode', 'passthrough', '-f', 'image2pipe'];

const input = (url: string): string[] => ['-an', '-sn', '-dn', ...guardedInput(), '-i', url];

const sized = (size: string, track: VideoTrackFacts): string[] => [
  ...beforeScaling(track),
  `scale=${size}:flags=bicubic${scalerOptions(track)},setsar=1`,
  ...afterScaling(track),
];

/** All sheets of the storyboard one after the other, to pipe 3. The last picture stands in where none follows. */
export function storyboardArgs(url: string, track: VideoTrackFacts, board: Storyboard): string[] {
  const { tiles, secondsPerTile, tileWidthPx, tileHeightPx } = board;
  const graph = [
    `setpts=PTS-(${track.startSeconds})/TB`,
    ...sized(`${tileWidthPx}:${tileHeightPx}`, track),
    `fps=1/${secondsPerTile}:round=up:start_time=0`,
    `tpad=stop=${tiles}:stop_mode=clone,trim=end_frame=${tiles}`,
    `tile=${TILES_PER_SIDE}x${TILES_PER_SIDE}:color=black,format=yuvj420p`,
  ].join(',');
  return [
    ...QUIET,
    ...['-filter_complex_threads', '1', '-copyts', ...KEYFRAMES_ONLY, ...input(url)],
    ...['-filter_complex', `[0:${track.streamIndex}]${graph}[o]`, '-map', '[o]', '-q:v', '6', ...JPEGS, 'pipe:3'],
  ];
}

const POSTER_MAX_PX = 1280;
/** The keyframe that differs least from the others of a few: neither black nor in the middle of a fade. */
const POSTER_CHOICE = 5;

/** One JPEG to pipe 3, of what is shown at `seconds` or soon after. */
export function posterArgs(url: string, track: VideoTrackFacts, seconds: number): string[] {
  const scale = Math.min(1, POSTER_MAX_PX / Math.max(track.widthPx, track.heightPx));
  const even = (px: number): number => Math.max(2, 2 * Math.round((px * scale) / 2));
  const size = `${even(track.widthPx)}:${even(track.heightPx)}`;
  const graph = [...sized(size, track), `thumbnail=n=${POSTER_CHOICE}`, 'format=yuvj420p'].join(',');
  return [
    ...QUIET,
    ...['-filter_complex_threads', '1', '-noaccurate_seek', ...KEYFRAMES_ONLY],
    ...(seconds > 0 ? ['-ss', seconds.toFixed(3)] : []),
    ...input(url),
    ...['-filter_complex', `[0:${track.streamIndex}]${graph}[o]`, '-map', '[o]'],
    ...['-frames:v', '1', '-q:v', '3', ...JPEGS, 'pipe:3'],
  ];
}

/** The picture that a music file carries, as one JPEG to pipe 3. */
export const coverArgs = (url: string, streamIndex: number): string[] => [
  ...QUIET,
  ...['-threads', '1', '-an', '-sn', '-dn', ...guardedInput(), '-i', url, '-map', `0:${streamIndex}`],
  '-vf',
  `scale='min(${POSTER_MAX_PX},iw)':'min(${POSTER_MAX_PX},ih)':force_original_aspect_ratio=decrease,setsar=1,format=yuvj420p`,
  ...['-frames:v', '1', '-q:v', '3', ...JPEGS, 'pipe:3'],
];
