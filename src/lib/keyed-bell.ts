/** Wakes whoever waits for a key. A ring between two waits is not lost: the next wait ends at once. */
export class KeyedBell {
  readonly #lines = new Map<string, Line>();

  ring(key: string): void {
    this.#lines.get(key)?.ring();
  }

  /** For when it is not known what was missed. */
  ringAll(): void {
    for (const line of this.#lines.values()) line.ring();
  }

  /** Hears the rings of a key until it is disposed of. */
  listen(key: string): Listener {
    const line = this.#lines.get(key) ?? new Line();
    this.#lines.set(key, line);
    const listener = new Listener(line, () => {
      line.listeners.delete(listener);
      if (line.listeners.size === 0) this.#lines.delete(key);
    });
    line.listeners.add(listener);
    return listener;
  }
}

/** All who listen to one key. */
class Line {
  readonly listeners = new Set<Listener>();
  rings = 0;

  ring(): void {
    this.rings += 1;
    for (const listener of this.listeners) listener.wake();
  }
}

export class Listener {
  readonly #line: Line;
  readonly #leave: () => void;
  #heard: number;
  #wake: () => void = () => {};

  constructor(line: Line, leave: () => void) {
    this.#line = line;
    this.#leave = leave;
    this.#heard = line.rings;
  }

  /** The rings so far, counted alike for all who listen to the key now. */
  get rings(): number {
    return this.#line.rings;
  }

  wake(): void {
    this.#wake();
  }

  /** Resolves at the next ring, at once after one that nobody waited for, after `timeoutMs`, or at the signal. */
  async wait(timeoutMs: number, signal: AbortSignal): Promise<void> {
    if (this.#heard === this.rings && !signal.aborted) await this.#nextRing(timeoutMs, signal);
    this.#heard = this.rings;
  }

  #nextRing(timeoutMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      const timer = setTimeout(wake, timeoutMs);
      signal.addEventListener('abort', wake, { once: true });
      this.#wake = wake;
    });
  }

  [Symbol.dispose](): void {
    this.#leave();
  }
}
