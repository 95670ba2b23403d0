import { MAX_PIXELS } from '../domain/plan-job.ts';
import type { EncodeSpec, Rung, VideoTrackFacts } from '../domain/tasks.ts';
import { afterScaling, beforeScaling, scalerOptions } from './colour-filters.ts';
import { encoderArgs } from './encoder-args.ts';
import { JUMP_AHEAD_SECONDS, JUMP_BACK_SECONDS } from './read-packets.ts';

/** Containers that people have; playlists, scripts and single images are no input. */
const FORMATS = 'mov,matroska,mpegts,mpeg,avi,flv,asf,ogg,wav,mp3,aac,flac,mxf';
/** Films come with dozens of subtitles and fonts; more than this is no film. */
const MAX_STREAMS = 128;

/** No other address than the worker's own source server, and nothing but known containers. */
export const guardedInput = (): string[] => [
  ...['-protocol_whitelist', 'http,tcp', '-format_whitelist', FORMATS],
  ...['-max_streams', String(MAX_STREAMS), '-max_pixels', String(MAX_PIXELS)],
];

export const QUIET = ['-nostdin', '-hide_banner', '-v', 'error'];
/**
 * What is worth keeping is seen in what comes out. By default ffmpeg ends with 69 where more than two thirds cannot be
 * decoded, however good the rest is.
 */
export const WHATEVER_DECODES = ['-max_error_rate', '1'];
export const REPEATABLE = ['-map_metadata', '-1', '-map_chapters', '-1', '-flags', '+bitexact', '-fflags', '+bitexact'];

export type VideoRun = Pick<EncodeSpec, 'track' | 'grid' | 'rungs' | 'chunk'> & {
  readonly url: string;
  /** How far before the chunk decoding starts. */
  readonly prerollSeconds: number;
};

/** One chunk in all rungs at once: rung i is written to pipe i + 3 as fragmented MP4, one fragment per GOP. */
export function videoArgs(run: VideoRun): string[] {
  return [
    ...[...QUIET, ...WHATEVER_DECODES],
    ...['-filter_complex_threads', '1', '-copyts', '-noaccurate_seek', '-threads', '1'],
    ...seek(run),
    // A size that changes on the way is the scaler's to follow: a new graph would forget which frame is due.
    ...['-an', '-sn', '-dn', '-reinit_filter', '0', ...guardedInput(), '-i', run.url],
    ...['-filter_complex', videoGraph(run)],
    ...run.rungs.flatMap((rung, i) => videoOutput(rung, i, run)),
  ];
}

/** Left out where decoding has to start at the beginning anyway. */
function seek(run: VideoRun): string[] {
  const fromStart = seekSeconds(run);
  return fromStart > 0 ? ['-seek_timestamp', '1', '-ss', (Number(run.track.startSeconds) + fromStart).toFixed(6)] : [];
}

/** After time 0; not above 0 where decoding starts at the beginning. A held picture is the last one that there is. */
function seekSeconds({ chunk, grid, track, prerollSeconds }: VideoRun): number {
  if (track.jumps) return 0;
  const { numerator, denominator } = grid.frameRate;
  const lastFrame = track.frames - (track.heldFrames ?? 0) - 1;
  const fromStart = (Math.min(chunk.firstFrame, lastFrame) * denominator) / numerator - prerollSeconds;
  return fromStart > (track.leadSeconds ?? 0) ? fromStart : 0;
}

/** Does nothing but where the size changes on the way, which neighbouring pictures that are compared must not. */
const STEADY_SIZE = 'scale=interl=-1';

/**
 * The absolute frame grid: `fps` works on time since the start of the track and `trim` counts whole frames,
 * so nothing is rounded between chunks. Each size is scaled from the next larger one, which is cheaper.
 */
function videoGraph(run: VideoRun): string {
  const { track, grid, rungs, chunk } = run;
  const { numerator, denominator } = grid.frameRate;
  // Where the first pictures cannot be decoded (open GOP) or come late, the first one that can stands in for them.
  const padStart = seekSeconds(run) > 0 ? '' : ':start_time=0';
  const onGrid = [
    ...(track.interlaced ? [STEADY_SIZE, 'bwdif=mode=send_frame:deint=interlaced'] : []),
    onTime('setpts', track.startSeconds, track.jumps),
    `fps=${numerator}/${denominator}:round=near:eof_action=pass${padStart}`,
    ...hold(run),
    `trim=start_pts=${chunk.firstFrame}:end_pts=${chunk.firstFrame + chunk.frames}`,
  ].join(',');
  const scaled = rungs.map((rung, i) => `[s${i}]${scale(rung, i === 0 ? track : undefined)}${forkAfter(i, rungs)}`);
  return [`[0:${track.streamIndex}]${onGrid}[s0]`, ...scaled].join(';');
}

/** Pictures at the end that cannot be decoded are worth no failure, up to half a second of them. */
const SPARE_SECONDS = 0.5;

/** At the end the last picture is held for as long as planned; `trim` takes off what is not needed. */
function hold({ track, grid, chunk }: VideoRun): string[] {
  const isLast = chunk.firstFrame + chunk.frames === grid.frames;
  const spare = isLast ? Math.round((SPARE_SECONDS * grid.frameRate.numerator) / grid.frameRate.denominator) : 0;
  const frames = (track.heldFrames ?? 0) + spare;
  return frames > 0 ? [`tpad=stop=${frames}:stop_mode=clone`] : [];
}

/**
 * Makes time begin at 0 and, where timestamps jump, go on steadily: an expression that counts the jumps it meets, as
 * the probe did, and takes off what belongs to each.
 */
export function onTime(filter: 'setpts' | 'asetpts', startSeconds: string, jumps: readonly string[] = []): string {
  if (jumps.length === 0) return `${filter}=PTS-(${startSeconds})/TB`;
  const step = '(PTS-PREV_INPTS)*TB';
  const count = `st(0,ld(0)+lt(${step},-${JUMP_BACK_SECONDS})+gt(${step},${JUMP_AHEAD_SECONDS}))`;
  const offsets = jumps.map((offset, i) => `+eq(ld(0),${i + 1})*(${offset})`).join('');
  return `${filter}='${count};PTS-(${startSeconds}${offsets})/TB'`;
}

function scale({ widthPx, heightPx }: Rung, source?: VideoTrackFacts): string {
  const size = `scale=${widthPx}:${heightPx}:flags=bicubic`;
  if (!source) return `${size},setsar=1,format=yuv420p`;
  const first = [...beforeScaling(source), `${size}${scalerOptions(source)}`, 'setsar=1', ...afterScaling(source)];
  return [...first, 'format=yuv420p'].join(',');
}

const forkAfter = (i: number, rungs: readonly Rung[]): string =>
  i === rungs.length - 1 ? `[o${i}]` : `,split=2[o${i}][s${i + 1}]`;

function videoOutput(rung: Rung, index: number, { chunk, grid }: VideoRun): string[] {
  return [
    ...['-map', `[o${index}]`, ...REPEATABLE],
    ...['-frames:v', String(chunk.frames), '-fps_mode', 'passthrough'],
    ...encoderArgs(rung, grid),
    ...['-video_track_timescale', String(grid.timescale)],
    // frag_discont: fragments carry the time they have on the grid instead of starting at 0.
    ...['-f', 'mp4', '-movflags', '+cmaf+frag_keyframe+delay_moov+skip_trailer+frag_discont'],
    ...['-use_editlist', '0', `pipe:${index + 3}`],
  ];
}

/** What the file says about itself, as JSON to pipe 3. */
export const describeArgs = (url: string): string[] => [
  ...['-hide_banner', '-v', 'error', ...guardedInput()],
  ...['-show_format', '-show_streams', '-of', 'json', '-o', 'pipe:3', '-i', url],
];

/** Timestamps of packets, one a line, to pipe 3. Without an interval, of the whole file. */
export const packetArgs = (url: string, interval?: string): string[] => [
  ...['-hide_banner', '-v', 'error', ...guardedInput()],
  ...(interval === undefined ? [] : ['-read_intervals', interval]),
  ...['-show_entries', 'packet=stream_index,pts,dts,duration,flags', '-of', 'compact=p=0', '-o', 'pipe:3', '-i', url],
];

/** One subtitle track as WebVTT on the source's own clock, to pipe 3. */
export const textArgs = (url: string, streamIndex: number): string[] => [
  ...QUIET,
  ...['-copyts', '-vn', '-an', '-dn', ...guardedInput(), '-i', url],
  ...['-map', `0:${streamIndex}`, '-c:s', 'webvtt', '-f', 'webvtt', 'pipe:3'],
];
