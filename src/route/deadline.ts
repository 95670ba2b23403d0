/**
 * Calls after so many milliseconds without a `refresh`, and two turns of the event loop later: when this process itself
 * was held up, the timer comes due before what already lies in the socket has been read, and the other side must not
 * pay for that.
 */
export class Deadline {
  readonly #timer: NodeJS.Timeout;
  #turn: NodeJS.Immediate | undefined;

  constructor(ms: number, onLate: () => void) {
    this.#timer = setTimeout(() => {
      this.#turn = setImmediate(() => {
        this.#turn = setImmediate(onLate);
      });
    }, ms);
  }

  refresh(): void {
    clearImmediate(this.#turn);
    this.#timer.refresh();
  }

  clear(): void {
    clearImmediate(this.#turn);
    clearTimeout(this.#timer);
  }
}
