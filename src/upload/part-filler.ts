import { PART_SIZE_BYTES } from '../domain/source.ts';
import type { Filling, PartPool } from './part-pool.ts';

/** Where the bytes of an unfinished part wait while others use the memory. */
export type Parking = {
  save(bytes: Uint8Array): Promise<void>;
  load(): Promise<Uint8Array>;
};

type Options = {
  readonly pool: PartPool;
  readonly parking: Parking;
  readonly storePart: (part: Uint8Array) => Promise<void>;
};

/**
 * Cuts a stream of bytes into source parts and hands each on as it fills. Holds at most two in memory: one that fills
 * while the other is being stored; whoever adds waits when both are full, or when other uploads use all the memory.
 * Whoever opens one releases it.
 */
export class PartFiller implements Filling {
  readonly #options: Options;
  #storing: Promise<void> = Promise.resolve();
  #parking: Promise<void> = Promise.resolve();
  #buffer: Buffer | undefined;
  /** Of the unfinished part, in the buffer or parked. */
  #length = 0;

  constructor(options: Options) {
    this.#options = options;
  }

  async add(chunk: Uint8Array): Promise<void> {
    for (let rest = chunk; rest.byteLength > 0; ) {
      const buffer = await this.#takeBuffer();
      const fits = rest.subarray(0, PART_SIZE_BYTES - this.#length);
      buffer.set(fits, this.#length);
      this.#length += fits.byteLength;
      rest = rest.subarray(fits.byteLength);
      if (this.#length === PART_SIZE_BYTES) await this.#handOn(buffer);
    }
  }

  /** Resolves once every full part is stored. */
  async settled(): Promise<void> {
    await this.#storing;
  }

  /** The bytes after the last full part; they stand still until more are added. */
  async rest(): Promise<Uint8Array> {
    if (this.#length === 0) return new Uint8Array();
    const buffer = await this.#takeBuffer();
    this.#options.pool.exempt(this);
    return buffer.subarray(0, this.#length);
  }

  /** The pool wants the buffer back; the next bytes wait for that. */
  park(): void {
    const buffer = this.#buffer;
    if (!buffer) return;
    this.#parking = this.#options.parking.save(buffer.subarray(0, this.#length)).then(() => this.#giveBack());
    // The next one who needs the buffer reports a failure; until then it must not count as unhandled.
    this.#parking.catch(() => {});
  }

  /** Gives the memory back; what is being stored is waited for, and its failure was reported before. */
  async release(): Promise<void> {
    await Promise.allSettled([this.#storing, this.#parking]);
    this.#giveBack();
  }

  async #takeBuffer(): Promise<Buffer> {
    await this.#parking;
    if (this.#buffer) return this.#buffer;
    const { pool, parking } = this.#options;
    const buffer = await pool.take();
    try {
      if (this.#length > 0) buffer.set((await parking.load()).subarray(0, this.#length));
    } catch (error) {
      pool.give(buffer);
      throw error;
    }
    // Only now is there something to park.
    this.#buffer = buffer;
    pool.filling(this);
    return buffer;
  }

  async #handOn(part: Buffer): Promise<void> {
    this.#options.pool.exempt(this);
    this.#buffer = undefined;
    this.#length = 0;
    const before = this.#storing;
    this.#storing = this.#store(part, before);
    // The next await of it reports a failure; until then it must not count as unhandled.
    this.#storing.catch(() => {});
    await before;
  }

  async #store(part: Buffer, before: Promise<void>): Promise<void> {
    try {
      await before;
      await this.#options.storePart(part);
    } finally {
      this.#options.pool.give(part);
    }
  }

  #giveBack(): void {
    const buffer = this.#buffer;
    this.#options.pool.exempt(this);
    this.#buffer = undefined;
    if (buffer) this.#options.pool.give(buffer);
  }
}
