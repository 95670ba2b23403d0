import type { StreamedBox } from '../lib/mp4/box-stream.ts';
import type { KeyframeBytes } from '../lib/mp4/keyframes.ts';
import { readTrack, type Track } from '../lib/mp4/track.ts';

/** What comes out of one run of ffmpeg for one rendition, in order: the init first. */
export type InitPiece = { readonly kind: 'init'; readonly bytes: Buffer; readonly track: Track };
export type SegmentPiece = {
  readonly kind: 'segment';
  readonly segment: number;
  readonly bytes: Buffer;
  readonly durationTicks: number;
  /** Of pictures. */
  readonly keyframes?: readonly KeyframeBytes[];
};
export type MediaPiece = InitPiece | SegmentPiece;

/** A `moof` with the `mdat` that follows it. */
export type FragmentBoxes = { readonly moof: Buffer; readonly mdat: Buffer };

/** Puts boxes together that belong together: `ftyp` with `moov`, `moof` with `mdat`. The rest is left out. */
export async function* pairBoxes(boxes: AsyncIterable<StreamedBox>): AsyncGenerator<InitPiece | FragmentBoxes> {
  const last = new Map<string, Buffer>();
  for await (const { type, bytes } of boxes) {
    last.set(type, bytes);
    if (type === 'moov') yield initOf(take(last, 'ftyp'), bytes);
    if (type === 'mdat') yield { moof: take(last, 'moof'), mdat: bytes };
  }
}

function initOf(ftyp: Buffer, moov: Buffer): InitPiece {
  const bytes = Buffer.concat([ftyp, moov]);
  return { kind: 'init', bytes, track: readTrack(bytes) };
}

function take(boxes: Map<string, Buffer>, type: string): Buffer {
  const bytes = boxes.get(type);
  if (!bytes) throw new Error(`MP4 stream without ${type} where one is due`);
  boxes.delete(type);
  return bytes;
}
