import type { Box } from './box.ts';

/** Codec strings (RFC 6381) of video tracks, read from the decoder configuration boxes of an init segment. */

/** Profile, constraints and level, as hexadecimal digits (ISO/IEC 14496-15, section 5.3.3.1). */
export const avcCodec = (init: Buffer, avcC: Box): string =>
  `avc1.${init.toString('hex', avcC.body + 1, avcC.body + 4)}`;

/** Profile, compatibility, tier and level, constraints (ISO/IEC 14496-15, Annex E.3). */
export function hevcCodec(init: Buffer, hvcC: Box): string {
  const profile = init.readUInt8(hvcC.body + 1);
  const space = ['', 'A', 'B', 'C'][profile >> 6] ?? '';
  const tier = profile & 0x20 ? 'H' : 'L';
  const compatibility = reversed32(init.readUInt32BE(hvcC.body + 2)).toString(16);
  const constraints = [...init.subarray(hvcC.body + 6, hvcC.body + 12)];
  while (constraints.at(-1) === 0) constraints.pop();
  const level = init.readUInt8(hvcC.body + 12);
  const head = `hvc1.${space}${profile & 0x1f}.${compatibility}.${tier}${level}`;
  return [head, ...constraints.map((byte) => byte.toString(16))].join('.');
}

/** Profile, level and tier, bit depth (AV1 Codec ISO Media File Format Binding, section 5). */
export function av1Codec(init: Buffer, av1C: Box): string {
  const [levels = 0, depths = 0] = init.subarray(av1C.body + 1, av1C.body + 3);
  const tier = depths & 0x80 ? 'H' : 'M';
  const bits = depths & 0x40 ? (depths & 0x20 ? 12 : 10) : 8;
  return `av01.${levels >> 5}.${twoDigits(levels & 0x1f)}${tier}.${twoDigits(bits)}`;
}

const twoDigits = (value: number): string => String(value).padStart(2, '0');

/** The bits in the opposite order, as Annex E wants the compatibility flags. */
function reversed32(value: number): number {
  let result = 0;
  for (let bit = 0; bit < 32; bit++) if (value & (1 << bit)) result |= 1 << (31 - bit);
  return result >>> 0;
}
