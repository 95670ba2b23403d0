export type Address = {
  readonly url: string;
  /** Aborts what is on its way there. */
  readonly lost: AbortSignal;
};

/** Orchestrators in turn. All callers share the current one, so that several failures at once move on only once. */
export class Addresses {
  readonly #urls: readonly string[];
  readonly #losses = new WeakMap<Address, AbortController>();
  #at = 0;
  #current: Address;

  constructor(urls: readonly string[]) {
    this.#urls = urls;
    this.#current = this.#address();
  }

  get current(): Address {
    return this.#current;
  }

  /** Later calls go to the next address; those under way may still be answered. */
  leave(address: Address): void {
    if (address === this.#current && this.#urls.length > 1) this.#next();
  }

  /** Leaves it, and ends what is under way there. */
  lose(address: Address): void {
    this.#losses.get(address)?.abort(new Error(`the connection to the orchestrator at ${address.url} ended`));
    if (address === this.#current) this.#next();
  }

  #next(): void {
    this.#at = (this.#at + 1) % this.#urls.length;
    this.#current = this.#address();
  }

  #address(): Address {
    const loss = new AbortController();
    const address = { url: this.#urls[this.#at] ?? '', lost: loss.signal };
    this.#losses.set(address, loss);
    return address;
  }
}
