import { readBoxHeader } from './box.ts';
import { type Fragment, readFragment } from './fragment.ts';

/** A fragment, and where in its file the bytes of its samples lie. */
export type PlacedFragment = { readonly fragment: Fragment; readonly first: number; readonly sizeBytes: number };

/** Bytes of a file from `first` to `last`, both included. */
export type ReadBytes = (first: number, last: number) => Promise<Uint8Array>;

const HEADER_BYTES = 8;
/** Holds the `moof` of two seconds at 240 frames per second, and the header of the `mdat` behind it. */
const WINDOW_BYTES = 4 * 1024;

/** Reads the headers of a file of fragments with one track, and leaves its samples out. */
export async function readFragments(sizeBytes: number, read: ReadBytes): Promise<PlacedFragment[]> {
  let window = { at: 0, bytes: Buffer.alloc(0) };
  const bytesAt = async (at: number, count: number): Promise<Buffer> => {
    if (at + count > window.at + window.bytes.length) {
      const last = Math.min(at + Math.max(count, WINDOW_BYTES), sizeBytes) - 1;
      window = { at, bytes: Buffer.from(await read(at, last)) };
    }
    return window.bytes.subarray(at - window.at, at - window.at + count);
  };
  const found: PlacedFragment[] = [];
  let fragment: Fragment | undefined;
  for (let at = 0; at < sizeBytes; ) {
    const box = readBoxHeader(await bytesAt(at, HEADER_BYTES));
    if (!box || at + box.sizeBytes > sizeBytes) throw new Error(`broken MP4 box at byte ${at}`);
    if (box.type === 'moof') fragment = readFragment(await bytesAt(at, box.sizeBytes));
    if (box.type === 'mdat') {
      found.push(placed(fragment, at + box.headerBytes, box.sizeBytes - box.headerBytes));
      fragment = undefined;
    }
    at += box.sizeBytes;
  }
  return found;
}

function placed(fragment: Fragment | undefined, first: number, sizeBytes: number): PlacedFragment {
  const described = fragment?.samples.reduce((sum, sample) => sum + sample.sizeBytes, 0);
  if (!fragment || described !== sizeBytes) throw new Error(`${described} bytes of samples in an mdat of ${sizeBytes}`);
  return { fragment, first, sizeBytes };
}
