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

export type NewFragment = Fragment & { readonly sequence: number };

const TRACK_ID = 1;
const DEFAULT_BASE_IS_MOOF = 0x20000;
const TFHD_DEFAULTS = 0x8 | 0x20; // duration, flags
const TRUN_ALWAYS = 0x1 | 0x4 | 0x200; // data offset, flags of the first sample, sizes
const TRUN_DURATIONS = 0x100;
const TRUN_OFFSETS = 0x800;
const SYNC_FLAGS = 0x2000000; // depends on no other sample
const NON_SYNC_FLAGS = 0x1010000; // depends on others, is not a sync sample

/** The `moof` of a fragment with one track, whose `mdat` follows at once. Only the first sample may differ in being a sync sample. */
export function makeMoof({ sequence, decodeTicks, samples }: NewFragment): Buffer {
  const [first] = samples;
  const last = samples.at(-1);
  if (!first || !last) throw new Error('a fragment holds at least one sample');
  const hasDurations = samples.some((sample) => sample.durationTicks !== first.durationTicks);
  const hasOffsets = samples.some((sample) => sample.offsetTicks !== 0);
  const flags = TRUN_ALWAYS | (hasDurations ? TRUN_DURATIONS : 0) | (hasOffsets ? TRUN_OFFSETS : 0);
  const fields = samples.flatMap(({ durationTicks, sizeBytes, offsetTicks }) => [
    ...(hasDurations ? [durationTicks] : []),
    sizeBytes,
    ...(hasOffsets ? [offsetTicks] : []),
  ]);
  const moofWith = (dataOffset: number): Buffer =>
    makeBox(
      'moof',
      makeFullBox('mfhd', 0, 0, uint32(sequence)),
      makeBox(
        'traf',
        makeFullBox(
          'tfhd',
          0,
          DEFAULT_BASE_IS_MOOF | TFHD_DEFAULTS,
          uint32(TRACK_ID, first.durationTicks, flagsOf(last)),
        ),
        makeFullBox('tfdt', 1, 0, uint64(decodeTicks)),
        makeFullBox('trun', 0, flags, uint32(samples.length, dataOffset, flagsOf(first), ...fields)),
      ),
    );
  return moofWith(moofWith(0).length + MDAT_HEADER_BYTES);
}

const flagsOf = (sample: Sample): number => (sample.isSync ? SYNC_FLAGS : NON_SYNC_FLAGS);

export const MDAT_HEADER_BYTES = 8;

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
