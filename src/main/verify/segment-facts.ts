import { boxesIn, findBox } from '../../lib/mp4/box.ts';
import { MDAT_HEADER_BYTES, readFragment, type Sample } from '../../lib/mp4/fragment.ts';
import type { KeyframeBytes } from '../../lib/mp4/keyframes.ts';
import { readTrack, type Track } from '../../lib/mp4/track.ts';

export type InitFacts = Track & { readonly hasEditList: boolean };

/** What one init segment says. @throws where it is none */
export function readInit(bytes: Buffer): InitFacts {
  return { ...readTrack(bytes), hasEditList: findBox(bytes, 'moov/trak/edts') !== undefined };
}

export type SegmentFacts = {
  readonly sizeBytes: number;
  readonly startTicks: number;
  readonly durationTicks: number;
  /** Whether each fragment begins where the one before it ended. */
  readonly isContiguous: boolean;
  /** Whether the first picture can be decoded alone, and nothing after it needs one before it. */
  readonly startsAlone: boolean;
  /** Where the keyframe at the start of each fragment lies: from its `moof` to the end of its first sample. */
  readonly keyframes: readonly KeyframeBytes[];
};

/** What one media segment holds. @throws where it is none */
export function readSegment(bytes: Buffer, codec: string): SegmentFacts {
  let startTicks: number | undefined;
  let endTicks = 0;
  let isContiguous = true;
  let startsAlone: boolean | undefined;
  let samples: readonly Sample[] = [];
  const keyframes: KeyframeBytes[] = [];
  for (const box of boxesIn(bytes)) {
    if (box.type === 'moof') {
      const fragment = readFragment(bytes.subarray(box.start, box.end));
      samples = fragment.samples;
      const { isSync, sizeBytes = 0 } = samples[0] ?? {};
      if (isSync) keyframes.push([box.start, box.end - box.start + MDAT_HEADER_BYTES + sizeBytes]);
      isContiguous &&= startTicks === undefined || fragment.decodeTicks === endTicks;
      startTicks ??= fragment.decodeTicks;
      endTicks = samples.reduce((sum, { durationTicks }) => sum + durationTicks, fragment.decodeTicks);
    }
    if (box.type === 'mdat' && samples.length > 0) {
      startsAlone ??= isAlone(bytes.subarray(box.body, box.body + (samples[0]?.sizeBytes ?? 0)), samples[0], codec);
      samples = [];
    }
  }
  if (startTicks === undefined) throw new Error('no moof box');
  const times = { startTicks, durationTicks: endTicks - startTicks, isContiguous };
  return { sizeBytes: bytes.length, ...times, startsAlone: startsAlone ?? false, keyframes };
}

const AVC_IDR = 5;
const HEVC_IDR: readonly number[] = [19, 20];

/** An IDR picture by its NAL units (ISO/IEC 14496-15: each behind its length of 4 bytes); else what the sample says. */
function isAlone(picture: Buffer, sample: Sample | undefined, codec: string): boolean {
  if (!sample?.isSync) return false;
  if (codec.startsWith('avc1')) return nalUnits(picture).some((head) => (head & 0x1f) === AVC_IDR);
  if (codec.startsWith('hvc1')) return nalUnits(picture).some((head) => HEVC_IDR.includes((head >> 1) & 0x3f));
  return true;
}

/** The first byte of each NAL unit. */
function nalUnits(picture: Buffer): number[] {
  const heads: number[] = [];
  for (let at = 0; at + 4 < picture.length; at += 4 + picture.readUInt32BE(at)) heads.push(picture.readUInt8(at + 4));
  return heads;
}
