import type { Clock } from '../domain/ports.ts';
import { PART_SIZE_BYTES } from '../domain/source.ts';

/** Who fills a buffer may be asked to put its bytes elsewhere and give the buffer back. */
export type Filling = { park(): void };

type Options = {
  /** Of all buffers together; never fewer than two. */
  readonly memoryBytes: number;
  readonly clock: Clock;
};

/** A sender that has not filled a part in this time is slow: others get their turn. */
const SLICE_MS = 1_000;
const LOOK_EVERY_MS = 100;

/**
 * The memory of all uploads of this process: a fixed number of part buffers, lent in the order of asking. However many
 * senders there are, and however slow, memory is bounded and everybody gets a turn.
 */
export class PartPool {
  readonly #clock: Clock;
  readonly #free: Buffer[] = [];
  readonly #waiting: ((buffer: Buffer) => void)[] = [];
  /** Since when, the longest first. */
  readonly #filling = new Map<Filling, number>();
  #unmade: number;
  #receivedBytes = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor({ memoryBytes, clock }: Options) {
    this.#unmade = Math.max(2, Math.floor(memoryBytes / PART_SIZE_BYTES));
    this.#clock = clock;
  }

  /** That came to be stored, since the start. */
  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  noteReceived(bytes: number): void {
    this.#receivedBytes += bytes;
  }

  async take(): Promise<Buffer> {
    return this.#free.pop() ?? this.#make() ?? (await this.#wait());
  }

  /** From now on it can be asked for its buffer: once, until it has one again. */
  filling(who: Filling): void {
    this.#filling.set(who, this.#clock.nowMs());
  }

  /** The buffer comes back by itself: it is on its way to the store, or nothing more will be added. */
  exempt(who: Filling): void {
    this.#filling.delete(who);
  }

  give(buffer: Buffer): void {
    const next = this.#waiting.shift();
    if (next) next(buffer);
    else this.#free.push(buffer);
  }

  #make(): Buffer | undefined {
    if (this.#unmade === 0) return undefined;
    this.#unmade--;
    // Not zeroed: a page of it costs memory only once bytes have arrived.
    return Buffer.allocUnsafeSlow(PART_SIZE_BYTES);
  }

  #wait(): Promise<Buffer> {
    this.#timer ??= setInterval(() => this.#makeRoom(), LOOK_EVERY_MS);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** The slow ones give way, as many as there are others waiting. */
  #makeRoom(): void {
    if (this.#waiting.length === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
      return;
    }
    const before = this.#clock.nowMs() - SLICE_MS;
    const slow = [...this.#filling].filter(([, sinceMs]) => sinceMs < before).slice(0, this.#waiting.length);
    for (const [who] of slow) {
      this.#filling.delete(who);
      who.park();
    }
  }
}
