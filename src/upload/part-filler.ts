import { PART_SIZE_BYTES } from '../domain/source.ts';

type StorePart = (part: Uint8Array) => Promise<void>;

/**
 * Cuts a stream of bytes into source parts and hands each on as it fills. Holds at most two in memory: one that fills
 * while the other is being stored; whoever adds waits when both are full.
 */
export class PartFiller {
  readonly #storePart: StorePart;
  #storing: Promise<void> = Promise.resolve();
  // Not zeroed and not from the pool: a page of it costs memory only once bytes have arrived.
  #bytes = Buffer.allocUnsafeSlow(PART_SIZE_BYTES);
  #length = 0;

  constructor(storePart: StorePart) {
    this.#storePart = storePart;
  }

  async add(chunk: Uint8Array): Promise<void> {
    for (let rest = chunk; rest.byteLength > 0; ) {
      const fits = rest.subarray(0, PART_SIZE_BYTES - this.#length);
      this.#bytes.set(fits, this.#length);
      this.#length += fits.byteLength;
      rest = rest.subarray(fits.byteLength);
      if (this.#length === PART_SIZE_BYTES) await this.#handOn();
    }
  }

  /** Resolves once every full part is stored. */
  async settled(): Promise<void> {
    await this.#storing;
  }

  /** The bytes after the last full part. */
  get rest(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  async #handOn(): Promise<void> {
    const part = this.#bytes;
    this.#bytes = Buffer.allocUnsafeSlow(PART_SIZE_BYTES);
    this.#length = 0;
    await this.#storing;
    this.#storing = this.#storePart(part);
    // The next await of it reports a failure; until then it must not count as unhandled.
    this.#storing.catch(() => {});
  }
}
