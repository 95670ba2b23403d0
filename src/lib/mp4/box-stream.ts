import { readBoxHeader } from './box.ts';

export type StreamedBox = { readonly type: string; readonly bytes: Buffer };

/** One GOP of the highest rate is a few megabytes; a size beyond this is a broken stream. */
const MAX_BOX_BYTES = 64 * 1024 * 1024;

/**
 * Cuts a stream of bytes into top-level boxes as they arrive. Holds one box at most; the source waits
 * while the consumer works.
 */
export async function* readBoxes(source: AsyncIterable<Uint8Array>): AsyncGenerator<StreamedBox> {
  const pending = new PendingBytes();
  for await (const chunk of source) {
    pending.add(chunk);
    for (let box = pending.takeBox(); box; box = pending.takeBox()) yield box;
  }
  if (pending.length > 0) throw new Error(`MP4 stream ends inside a box, ${pending.length} bytes after its start`);
}

/** Bytes that are no whole box yet, joined only when they are one: a large box is copied once. */
class PendingBytes {
  #chunks: Uint8Array[] = [];
  length = 0;
  /** Bytes needed before looking again makes sense. */
  #needed = 8;

  add(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.length += chunk.byteLength;
  }

  takeBox(): StreamedBox | undefined {
    if (this.length < this.#needed) return undefined;
    const bytes = Buffer.concat(this.#chunks, this.length);
    const header = readBoxHeader(bytes);
    if (header && header.sizeBytes > MAX_BOX_BYTES) throw new Error(`MP4 box of ${header.sizeBytes} bytes`);
    this.#needed = header?.sizeBytes ?? 16;
    if (!header || bytes.length < header.sizeBytes) {
      this.#chunks = [bytes];
      return undefined;
    }
    const rest = bytes.subarray(header.sizeBytes);
    this.#chunks = rest.length > 0 ? [rest] : [];
    this.length = rest.length;
    this.#needed = 8;
    return { type: header.type, bytes: bytes.subarray(0, header.sizeBytes) };
  }
}
