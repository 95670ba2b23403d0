/** One sheet of small pictures takes a few hundred kilobytes. */
const MAX_JPEG_BYTES = 32 * 1024 * 1024;
/** End of image (ITU-T T.81, table B.1). Inside coded data a byte FF is always followed by 00 or a restart marker. */
const END = Buffer.from([0xff, 0xd9]);

/** Cuts a stream of JPEGs, as ffmpeg's encoder writes them, at their ends. @throws when one is absurdly large. */
export async function* splitJpegs(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let held = Buffer.alloc(0);
  for await (const bytes of stream) {
    // The marker may lie across the seam.
    const from = Math.max(0, held.length - 1);
    held = Buffer.concat([held, bytes]);
    for (let end = held.indexOf(END, from); end >= 0; end = held.indexOf(END)) {
      yield held.subarray(0, end + END.length);
      held = held.subarray(end + END.length);
    }
    if (held.length > MAX_JPEG_BYTES) throw new Error(`a JPEG of more than ${MAX_JPEG_BYTES} bytes`);
  }
  if (held.length > 0) throw new Error('the last JPEG has no end');
}
