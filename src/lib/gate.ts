/** Lets a bounded number in at once. Who comes later waits in line, for a bounded time. */
export class Gate {
  readonly #max: number;
  readonly #waitMs: number;
  readonly #waiting: ((isIn: boolean) => void)[] = [];
  #free: number;

  constructor({ max, waitMs }: { readonly max: number; readonly waitMs: number }) {
    this.#max = max;
    this.#free = max;
    this.#waitMs = waitMs;
  }

  get inside(): number {
    return this.#max - this.#free;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** How to leave again, or undefined where it stayed full. Leaving twice counts once. */
  async enter(): Promise<(() => void) | undefined> {
    if (this.#free > 0) this.#free--;
    else if (!(await this.#wait())) return undefined;
    let isIn = true;
    return () => {
      if (isIn) this.#leave();
      isIn = false;
    };
  }

  #wait(): Promise<boolean> {
    return new Promise((resolve) => {
      const settle = (isIn: boolean): void => {
        clearTimeout(timer);
        resolve(isIn);
      };
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(settle), 1);
        settle(false);
      }, this.#waitMs);
      this.#waiting.push(settle);
    });
  }

  #leave(): void {
    const next = this.#waiting.shift();
    if (next) next(true);
    else this.#free++;
  }
}
