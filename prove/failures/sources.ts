import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeClip } from '../../test/support/media.ts';

export const FRAMES_PER_SECOND = 30;
const NAME_BYTES = 4096;

/** A source and what must come of it. */
export type Source = { readonly name: string; readonly bytes: Buffer<ArrayBuffer>; readonly frames: number };

/** Makes one clip, of which {@link sourceNamed} makes as many different sources as are wanted. */
export async function readClip(folder: string, seconds: number): Promise<Source> {
  const file = join(folder, `clip-${seconds}.mp4`);
  await makeClip(file, { seconds, rate: String(FRAMES_PER_SECOND) });
  return { name: 'clip', bytes: Buffer.from(await readFile(file)), frames: seconds * FRAMES_PER_SECOND };
}

/** The same pictures in other bytes, or it would be the same video: an MP4 ends with a box that players pass over. */
export function sourceNamed(name: string, clip: Source, moreBytes = NAME_BYTES): Source {
  const ours = createHash('shake256', { outputLength: moreBytes }).update(name).digest();
  const header = Buffer.alloc(8);
  header.writeUInt32BE(header.length + ours.length);
  header.write('free', 4);
  return { name, bytes: Buffer.concat([clip.bytes, header, ours]), frames: clip.frames };
}
