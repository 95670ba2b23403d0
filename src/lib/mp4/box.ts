/** Boxes of ISO/IEC 14496-12 (section 4.2): a 32-bit size, four letters, a body. Offsets are into one buffer. */
export type Box = { readonly type: string; readonly start: number; readonly body: number; readonly end: number };

const HEADER_BYTES = 8;
const LARGE_HEADER_BYTES = 16;

/** The boxes that lie side by side between two offsets. */
export function* boxesIn(bytes: Buffer, start = 0, end = bytes.length): Generator<Box> {
  for (let at = start; at < end; ) {
    const header = readBoxHeader(bytes.subarray(at, end));
    if (!header || at + header.sizeBytes > end) throw new Error(`broken MP4 box at byte ${at}`);
    yield { type: header.type, start: at, body: at + header.headerBytes, end: at + header.sizeBytes };
    at += header.sizeBytes;
  }
}

/** Walks down a path such as `moov/trak/mdia/mdhd`, taking the first match at each level. */
export function findBox(bytes: Buffer, path: string, within?: Box): Box | undefined {
  let found = within;
  for (const type of path.split('/')) {
    found = firstOfType(bytes, type, found);
    if (!found) return undefined;
  }
  return found;
}

export function needBox(bytes: Buffer, path: string, within?: Box): Box {
  const box = findBox(bytes, path, within);
  if (!box) throw new Error(`MP4 box ${path} is missing`);
  return box;
}

function firstOfType(bytes: Buffer, type: string, within: Box | undefined): Box | undefined {
  for (const box of boxesIn(bytes, within?.body, within?.end)) if (box.type === type) return box;
  return undefined;
}

export type BoxHeader = { readonly type: string; readonly headerBytes: number; readonly sizeBytes: number };

/** Undefined while too few bytes are there. A box of size 0, "to the end of the file", is refused. */
export function readBoxHeader(bytes: Buffer): BoxHeader | undefined {
  if (bytes.length < HEADER_BYTES) return undefined;
  const type = bytes.toString('latin1', 4, HEADER_BYTES);
  const size32 = bytes.readUInt32BE(0);
  if (size32 !== 1) return sized(type, HEADER_BYTES, size32);
  if (bytes.length < LARGE_HEADER_BYTES) return undefined;
  return sized(type, LARGE_HEADER_BYTES, Number(bytes.readBigUInt64BE(HEADER_BYTES)));
}

function sized(type: string, headerBytes: number, sizeBytes: number): BoxHeader {
  if (sizeBytes < headerBytes) throw new Error(`broken MP4 box ${JSON.stringify(type)} of ${sizeBytes} bytes`);
  return { type, headerBytes, sizeBytes };
}

export function makeBox(type: string, ...parts: readonly Uint8Array[]): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  const sizeBytes = parts.reduce((sum, part) => sum + part.byteLength, HEADER_BYTES);
  header.writeUInt32BE(sizeBytes, 0);
  header.write(type, 4, 'latin1');
  return Buffer.concat([header, ...parts], sizeBytes);
}

/** A box that starts with a version and 24 bits of flags. */
export function makeFullBox(type: string, version: number, flags: number, ...parts: readonly Uint8Array[]): Buffer {
  return makeBox(type, uint32((version << 24) | flags), ...parts);
}

export function uint32(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [i, value] of values.entries()) bytes.writeUInt32BE(value >>> 0, 4 * i);
  return bytes;
}

export function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}
