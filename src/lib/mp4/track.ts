import { type Box, needBox } from './box.ts';
import { av1Codec, avcCodec, hevcCodec } from './codec.ts';

export type Track = { readonly timescale: number; readonly codec: string };

/** Timescale and codec string (RFC 6381) of the only track of an init segment. */
export function readTrack(init: Buffer): Track {
  const media = needBox(init, 'moov/trak/mdia');
  const mdhd = needBox(init, 'mdhd', media);
  const timescale = init.readUInt32BE(mdhd.body + (init[mdhd.body] === 1 ? 20 : 12));
  return { timescale, codec: codecOf(init, needBox(init, 'minf/stbl/stsd', media)) };
}

/** Full-box header and entry count stand before the first entry. */
const STSD_HEADER_BYTES = 8;
const VISUAL_ENTRY_BYTES = 78;
const AUDIO_ENTRY_BYTES = 28;

function codecOf(init: Buffer, stsd: Box): string {
  const start = stsd.body + STSD_HEADER_BYTES;
  const type = init.toString('latin1', start + 4, start + 8);
  const entry = { type, start, body: start + 8, end: start + init.readUInt32BE(start) };
  const configOf = (box: string): Box => needBox(init, box, { ...entry, body: entry.body + VISUAL_ENTRY_BYTES });
  switch (type) {
    case 'avc1':
      return avcCodec(init, configOf('avcC'));
    case 'hvc1':
      return hevcCodec(init, configOf('hvcC'));
    case 'av01':
      return av1Codec(init, configOf('av1C'));
    case 'mp4a':
      return aacCodec(init, needBox(init, 'esds', { ...entry, body: entry.body + AUDIO_ENTRY_BYTES }));
    default:
      throw new Error(`unexpected sample entry ${JSON.stringify(type)}`);
  }
}

const ES_DESCRIPTOR = 0x03;
const DECODER_CONFIG = 0x04;
const DECODER_SPECIFIC_INFO = 0x05;

/** Object type and, for MPEG-4 audio, the audio object type (ISO/IEC 14496-1, section 7.2.6). */
function aacCodec(init: Buffer, esds: Box): string {
  const es = descriptorAt(init, esds.body + 4, ES_DESCRIPTOR);
  const config = descriptorAt(init, es + 3, DECODER_CONFIG);
  const specific = descriptorAt(init, config + 13, DECODER_SPECIFIC_INFO);
  const objectType = init.toString('hex', config, config + 1);
  return `mp4a.${objectType}.${init.readUInt8(specific) >> 3}`;
}

/** Where the body of a descriptor starts; its length is coded in up to four bytes of 7 bits. */
function descriptorAt(init: Buffer, at: number, tag: number): number {
  if (init[at] !== tag) throw new Error(`MPEG-4 descriptor ${tag} is missing`);
  let body = at + 1;
  while (init.readUInt8(body++) & 0x80);
  return body;
}
