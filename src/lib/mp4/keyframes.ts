import { boxesIn } from './box.ts';
import { MDAT_HEADER_BYTES, readFragment } from './fragment.ts';

/** Where in a segment the bytes lie that show one keyframe: offset and length. */
export type KeyframeBytes = readonly [offset: number, sizeBytes: number];

/**
 * The keyframe at the start of each fragment: from its `moof` to the end of its first sample. With the init before them
 * these bytes are decoded to that one picture.
 */
export const keyframesIn = (segment: Buffer): KeyframeBytes[] =>
  [...boxesIn(segment)]
    .filter(({ type }) => type === 'moof')
    .map(({ start, end }) => {
      const [first] = readFragment(segment.subarray(start, end)).samples;
      if (!first?.isSync) throw new Error(`the fragment at byte ${start} does not start with a keyframe`);
      return [start, end - start + MDAT_HEADER_BYTES + first.sizeBytes];
    });
