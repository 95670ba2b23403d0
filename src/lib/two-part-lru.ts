import { LRUCache } from 'lru-cache';

type Options<Value> = {
  readonly maxSize: number;
  /** Positive; asked once for each value that enters. */
  readonly sizeOf: (value: Value) => number;
  /** Told of what leaves, whether for want of room or because it was deleted; not of what is replaced. */
  readonly onGone?: (key: string, value: Value) => void;
};

/** What was used at least twice may fill this part; the rest stays free for what is new. */
const PROVEN_SHARE = 0.8;

/**
 * A cache bounded by size that a scan cannot flush (a segmented LRU). What is new stands on trial; using it again makes
 * it proven. Room is made by dropping the least recently used of those on trial. When the proven take more than
 * their share, the least recently used of them go back on trial, as the newest there.
 */
export class TwoPartLru<Value extends object> {
  readonly #trial: LRUCache<string, Value>;
  readonly #proven: LRUCache<string, Value>;
  readonly #maxSize: number;
  readonly #sizeOf: (value: Value) => number;
  readonly #onGone: (key: string, value: Value) => void;

  constructor({ maxSize, sizeOf, onGone = () => {} }: Options<Value>) {
    // The parts only add up sizes and never evict by themselves: #makeRoom keeps their sum within the bound.
    const parts = { maxSize: Number.MAX_SAFE_INTEGER, sizeCalculation: sizeOf };
    this.#trial = new LRUCache(parts);
    this.#proven = new LRUCache(parts);
    this.#maxSize = maxSize;
    this.#sizeOf = sizeOf;
    this.#onGone = onGone;
  }

  /** A use. */
  get(key: string): Value | undefined {
    const proven = this.#proven.get(key);
    if (proven) return proven;
    const value = this.#trial.peek(key);
    if (!value) return undefined;
    this.#trial.delete(key);
    this.#proven.set(key, value);
    this.#sendBackOnTrial();
    return value;
  }

  /** Looks without that counting as a use. */
  peek(key: string): Value | undefined {
    return this.#proven.peek(key) ?? this.#trial.peek(key);
  }

  /** Makes it the newest of its part, but proves nothing. */
  refresh(key: string): void {
    this.#trial.get(key);
    this.#proven.get(key);
  }

  /** What is larger than the whole is not kept, and pushes nothing out. A replaced value keeps its part. */
  set(key: string, value: Value): void {
    if (this.#sizeOf(value) > this.#maxSize) {
      this.delete(key);
      return;
    }
    (this.#proven.has(key) ? this.#proven : this.#trial).set(key, value);
    this.#sendBackOnTrial();
    this.#makeRoom();
  }

  delete(key: string): void {
    const value = this.peek(key);
    if (!value) return;
    this.#trial.delete(key);
    this.#proven.delete(key);
    this.#onGone(key, value);
  }

  /** Deletes all whose key begins so; returns how many. */
  deletePrefix(prefix: string): number {
    const keys = [...this.#trial.keys(), ...this.#proven.keys()].filter((key) => key.startsWith(prefix));
    for (const key of keys) this.delete(key);
    return keys.length;
  }

  get size(): number {
    return this.#trial.calculatedSize + this.#proven.calculatedSize;
  }

  get count(): number {
    return this.#trial.size + this.#proven.size;
  }

  #sendBackOnTrial(): void {
    while (this.#proven.calculatedSize > this.#maxSize * PROVEN_SHARE) {
      const [key = ''] = this.#proven.rkeys();
      const value = this.#proven.peek(key);
      // A single proven one may be larger than the share; it stays.
      if (!value || this.#proven.size === 1) return;
      this.#proven.delete(key);
      this.#trial.set(key, value);
    }
  }

  #makeRoom(): void {
    while (this.size > this.#maxSize) {
      const [key] = (this.#trial.size > 0 ? this.#trial : this.#proven).rkeys();
      if (key === undefined) return;
      this.delete(key);
    }
  }
}
