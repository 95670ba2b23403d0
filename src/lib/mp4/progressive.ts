import { boxesIn, makeBox, makeFullBox, needBox, uint32, uint64 } from './box.ts';
import { chunkOffsets, type SampleTable } from './sample-table.ts';
import { readTrack } from './track.ts';

/** A track of a file that any player reads: what it is, from its init segment, and its samples. */
export type ProgressiveTrack = { readonly init: Buffer; readonly table: SampleTable };

/** A run of samples of one track, in the order in which they lie in the file. */
export type Chunk = { readonly track: number; readonly sizeBytes: number };

/** Beyond this, offsets take 64 bits. The rest up to 4 GiB is for what stands before the samples. */
const MAX_NARROW_BYTES = 2 ** 32 - 2 ** 28;

/** All that stands before the samples of a progressive MP4 (ISO/IEC 14496-12): `ftyp`, `moov`, the header of `mdat`. */
export function progressiveHead(tracks: readonly ProgressiveTrack[], chunks: readonly Chunk[]): Buffer {
  const dataBytes = chunks.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const isWide = dataBytes > MAX_NARROW_BYTES;
  const headWith = (dataStart: number): Buffer => {
    const offsets = offsetsOf(chunks, tracks.length, dataStart);
    return Buffer.concat([FILE_TYPE, movie(tracks, offsets, isWide), dataHeader(dataBytes, isWide)]);
  };
  return headWith(headWith(0).length);
}

const FILE_TYPE = makeBox('ftyp', Buffer.from('isom'), uint32(0x200), Buffer.from('isomiso2mp41'));

/** The size of a box counts its header; size 1 stands for 64 bits that follow. */
const dataHeader = (dataBytes: number, isWide: boolean): Buffer =>
  isWide
    ? Buffer.concat([uint32(1), Buffer.from('mdat'), uint64(dataBytes + 16)])
    : Buffer.concat([uint32(dataBytes + 8), Buffer.from('mdat')]);

/** For each track, where its chunks begin. */
function offsetsOf(chunks: readonly Chunk[], tracks: number, dataStart: number): number[][] {
  const offsets: number[][] = Array.from({ length: tracks }, () => []);
  let at = dataStart;
  for (const { track, sizeBytes } of chunks) {
    offsets[track]?.push(at);
    at += sizeBytes;
  }
  return offsets;
}

/** Rate 1, full volume, no rotation. */
const MATRIX = uint32(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000);
const NO_TIMES = Buffer.alloc(16);

/** Times of the whole are counted in ticks of the first track. */
function movie(tracks: readonly ProgressiveTrack[], offsets: readonly number[][], isWide: boolean): Buffer {
  const timescale = tracks[0] ? readTrack(tracks[0].init).timescale : 1;
  const lengths = tracks.map(({ init, table }) =>
    Math.round((table.durationTicks * timescale) / readTrack(init).timescale),
  );
  const mvhd = makeFullBox(
    'mvhd',
    1,
    0,
    NO_TIMES,
    uint32(timescale),
    uint64(Math.max(...lengths)),
    uint32(0x10000, 0x1000000, 0, 0),
    MATRIX,
    Buffer.alloc(24),
    uint32(tracks.length + 1),
  );
  const traks = tracks.map((track, i) =>
    trackBox(track, { id: i + 1, movieTicks: lengths[i] ?? 0, chunks: chunkOffsets(offsets[i] ?? [], isWide) }),
  );
  return makeBox('moov', mvhd, ...traks);
}

type Place = { readonly id: number; readonly movieTicks: number; readonly chunks: Buffer };

const IS_ENABLED_IN_MOVIE = 3;
/** What follows the duration in `tkhd` (layer to height) and in `mdhd` (language), whatever the version. */
const TKHD_TAIL_BYTES = 60;
const MDHD_TAIL_BYTES = 4;

function trackBox({ init, table }: ProgressiveTrack, { id, movieTicks, chunks }: Place): Buffer {
  const trak = needBox(init, 'moov/trak');
  const mdia = needBox(init, 'mdia', trak);
  const minf = needBox(init, 'minf', mdia);
  const copy = (path: string, within = mdia): Buffer => {
    const { start, end } = needBox(init, path, within);
    return init.subarray(start, end);
  };
  const tail = (path: string, bytes: number): Buffer => copy(path, trak).subarray(-bytes);
  const { timescale } = readTrack(init);
  const described = [...boxesIn(init, minf.body, minf.end)].filter(({ type }) => type !== 'stbl');
  return makeBox(
    'trak',
    makeFullBox(
      'tkhd',
      1,
      IS_ENABLED_IN_MOVIE,
      NO_TIMES,
      uint32(id, 0),
      uint64(movieTicks),
      tail('tkhd', TKHD_TAIL_BYTES),
    ),
    ...editList(table, movieTicks),
    makeBox(
      'mdia',
      makeFullBox(
        'mdhd',
        1,
        0,
        NO_TIMES,
        uint32(timescale),
        uint64(table.durationTicks),
        tail('mdia/mdhd', MDHD_TAIL_BYTES),
      ),
      copy('hdlr'),
      makeBox(
        'minf',
        ...described.map(({ start, end }) => init.subarray(start, end)),
        makeBox('stbl', copy('stbl/stsd', minf), ...table.boxes(), chunks),
      ),
    ),
  );
}

/** Pictures that are decoded ahead are shown later than sound would be: play begins with the first of them. */
function editList({ leadTicks }: SampleTable, movieTicks: number): Buffer[] {
  if (leadTicks === 0) return [];
  const elst = makeFullBox('elst', 1, 0, uint32(1), uint64(movieTicks), uint64(leadTicks), uint32(0x10000));
  return [makeBox('edts', elst)];
}
