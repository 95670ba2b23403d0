import type { Rung, VideoGrid } from '../domain/tasks.ts';

/**
 * How a rung is encoded. Whatever the codec: closed GOPs of one length, a B-frame pyramid no deeper than the grid's
 * delay, an init segment that does not depend on the content, and one thread, because rate caps are repeatable bit by
 * bit with one thread only; the other cores work on other chunks.
 */
export function encoderArgs(rung: Rung, grid: VideoGrid): string[] {
  switch (rung.codec) {
    case 'hevc':
      return hevcArgs(rung, grid);
    case 'av1':
      return av1Args(rung, grid);
    default:
      return h264Args(rung, grid);
  }
}

/** stitchable: or the init segment would depend on the content. */
const h264Args = (rung: Rung, { gopFrames }: VideoGrid): string[] => [
  ...['-c:v', 'libx264', '-preset', 'veryfast', '-threads', '1', ...h264Quality(rung)],
  '-x264-params',
  `keyint=${gopFrames}:min-keyint=${gopFrames}:scenecut=0:open-gop=0:bframes=3:b-pyramid=normal:stitchable=1`,
];

/** Constant quality under a cap. CRF 0 is lossless, which has no cap and which the High profile cannot carry. */
function h264Quality({ crf, maxrateBps }: Rung): string[] {
  if (crf === 0) return ['-crf', '0'];
  return ['-crf', String(crf), ...cap(maxrateBps), '-profile:v', 'high'];
}

/** hvc1: parameter sets in the init segment only, as Apple's players want it. */
const hevcArgs = ({ crf, maxrateBps }: Rung, { gopFrames }: VideoGrid): string[] => [
  ...['-c:v', 'libx265', '-preset', 'fast', '-threads', '1', '-tag:v', 'hvc1', '-crf', String(crf)],
  ...cap(maxrateBps),
  '-x265-params',
  [
    ...['log-level=error', 'info=0', 'repeat-headers=0', 'pools=none', 'frame-threads=1', 'wpp=0'],
    ...[`keyint=${gopFrames}`, `min-keyint=${gopFrames}`, 'scenecut=0', 'open-gop=0', 'bframes=3', 'b-pyramid=1'],
  ].join(':'),
];

/** Frames are reordered inside the stream, so that they are decoded and shown in one order. mbr: cap, in kbit/s. */
const av1Args = ({ crf, maxrateBps }: Rung, { gopFrames }: VideoGrid): string[] => [
  ...['-c:v', 'libsvtav1', '-preset', '9', '-threads', '1', '-crf', String(crf), '-g', String(gopFrames)],
  '-svtav1-params',
  [
    ...[`keyint=${gopFrames}`, 'scd=0', 'irefresh-type=2', 'enable-overlays=0', 'lp=1', 'pin=0'],
    `mbr=${Math.round(maxrateBps / 1000)}`,
  ].join(':'),
];

const cap = (maxrateBps: number): string[] => ['-maxrate', String(maxrateBps), '-bufsize', String(maxrateBps)];
