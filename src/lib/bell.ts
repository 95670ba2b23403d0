/** Wakes whoever waits. Whoever was busy while it rang hears of it by `rings`. */
export class Bell {
  readonly #waiting = new Set<() => void>();

  #rings = 0;

  /** How often it has rung: taken before a look and given to {@link wait}, no ring meanwhile is missed. */
  get rings(): number {
    return this.#rings;
  }

  ring(): void {
    this.#rings += 1;
    for (const wake of this.#waiting) wake();
  }

  /** Resolves at the next ring, after `timeoutMs`, or when the signal aborts: the caller looks for itself. */
  wait(timeoutMs: number, signal?: AbortSignal, heard = this.#rings): Promise<void> {
    if (signal?.aborted || heard !== this.#rings) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      const timer = setTimeout(wake, timeoutMs);
      this.#waiting.add(wake);
      signal?.addEventListener('abort', wake, { once: true });
    });
  }
}
