import { type Box, boxesIn, makeBox, makeFullBox, needBox, uint32, uint64 } from './box.ts';

export type Sample = {
  readonly durationTicks: number;
  readonly sizeBytes: number;
  readonly isSync: boolean;
  /** Presentation time less decoding time. */
  readonly offsetTicks: number;
};

/** What the `moof` of a fragment with one track says (ISO/IEC 14496-12, section 8.8). */
export type Fragment = { readonly decodeTicks: number; readonly samples: readonly Sample[] };

export function readFragment(moof: Buffer): Fragment {
  const traf = needBox(moof, 'moof/traf');
  const tfdt = needBox(moof, 'tfdt', traf);
  const decodeTicks = moof[tfdt.body] === 1 ? readUint64(moof, tfdt.body + 4) : moof.readUInt32BE(tfdt.body + 4);
  const defaults = readDefaults(moof, needBox(moof, 'tfhd', traf));
  const samples: Sample[] = [];
  for (const box of boxesIn(moof, traf.body, traf.end)) {
    if (box.type === 'trun') samples.push(...readRun(moof, box, defaults));
  }
  return { decodeTicks, samples };
}

type Defaults = { durationTicks: number; sizeBytes: number; flags: number };

function readDefaults(moof: Buffer, tfhd: Box): Defaults {
  const fields = new FieldReader(moof, tfhd.body);
  const flags = fields.uint32() & 0xffffff;
  fields.uint32(); // track id
  if (flags & 0x1) fields.skip(8);
  if (flags & 0x2) fields.skip(4);
  return {
    durationTicks: flags & 0x8 ? fields.uint32() : 0,
    sizeBytes: flags & 0x10 ? fields.uint32() : 0,
    flags: flags & 0x20 ? fields.uint32() : 0,
  };
}

const NON_SYNC = 0x10000;

function* readRun(moof: Buffer, trun: Box, defaults: Defaults): Generator<Sample> {
  const fields = new FieldReader(moof, trun.body);
  const flags = fields.uint32() & 0xffffff;
  const count = fields.uint32();
  if (flags & 0x1) fields.skip(4);
  const firstFlags = flags & 0x4 ? fields.uint32() : undefined;
  for (let i = 0; i < count; i++) {
    const durationTicks = flags & 0x100 ? fields.uint32() : defaults.durationTicks;
    const sizeBytes = flags & 0x200 ? fields.uint32() : defaults.sizeBytes;
    const own = flags & 0x400 ? fields.uint32() : defaults.flags;
    const offsetTicks = flags & 0x800 ? fields.int32() : 0;
    const sampleFlags = i === 0 ? (firstFlags ?? own) : own;
    yield { durationTicks, sizeBytes, isSync: (sampleFlags & NON_SYNC) === 0, offsetTicks };
  }
}

/** Numbers the fragment within its track, in place. */
export function numberFragment(moof: Buffer, sequence: number): void {
  moof.writeUInt32BE(sequence, needBox(moof, 'moof/mfhd').body + 4);
}

export type AudioFragment = {
  readonly sequence: number;
  readonly decodeTicks: number;
  readonly frames: readonly { readonly bytes: Uint8Array; readonly durationTicks: number }[];
};

const TRACK_ID = 1;
const DEFAULT_BASE_IS_MOOF = 0x20000;
const WITH_DATA_OFFSET_DURATIONS_SIZES = 0x301;

/** A `moof` and `mdat` pair of audio frames, which are all sync samples. */
export function makeAudioFragment({ sequence, decodeTicks, frames }: AudioFragment): Buffer {
  const fields = frames.flatMap(({ durationTicks, bytes }) => [durationTicks, bytes.byteLength]);
  const moofWith = (dataOffset: number): Buffer =>
    makeBox(
      'moof',
      makeFullBox('mfhd', 0, 0, uint32(sequence)),
      makeBox(
        'traf',
        makeFullBox('tfhd', 0, DEFAULT_BASE_IS_MOOF, uint32(TRACK_ID)),
        makeFullBox('tfdt', 1, 0, uint64(decodeTicks)),
        makeFullBox('trun', 0, WITH_DATA_OFFSET_DURATIONS_SIZES, uint32(frames.length, dataOffset, ...fields)),
      ),
    );
  const mdat = makeBox('mdat', ...frames.map((frame) => frame.bytes));
  const moof = moofWith(moofWith(0).length + 8);
  return Buffer.concat([moof, mdat]);
}

/** Marks the file as a segment on its own: `cmfs`, of CMAF, section 7.3.3.1. */
export const segmentType = (): Buffer =>
  makeBox('styp', Buffer.from('msdh', 'latin1'), uint32(0), Buffer.from('msdhmsixcmfs', 'latin1'));

class FieldReader {
  readonly #bytes: Buffer;
  #at: number;
  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }
  skip(count: number): void {
    this.#at += count;
  }
  uint32(): number {
    this.#at += 4;
    return this.#bytes.readUInt32BE(this.#at - 4);
  }
  int32(): number {
    this.#at += 4;
    return this.#bytes.readInt32BE(this.#at - 4);
  }
}

/** Ticks of a thousand years still fit into a safe integer. */
const readUint64 = (bytes: Buffer, at: number): number => Number(bytes.readBigUInt64BE(at));
