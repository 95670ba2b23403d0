/**
 * Joins simultaneous calls for one key into one piece of work. The work belongs to all who wait for it: it goes
 * on when the first of them leaves, and must therefore carry its own deadline. Nothing is kept afterwards.
 */
export class Coalescer<Value> {
  readonly #underWay = new Map<string, Promise<Value>>();

  /** How many pieces of work are under way. */
  get size(): number {
    return this.#underWay.size;
  }

  has(key: string): boolean {
    return this.#underWay.has(key);
  }

  /** Starts the work, or joins the one under way for the same key. A failure is everyone's failure. */
  run(key: string, work: () => Promise<Value>): { readonly joined: boolean; readonly value: Promise<Value> } {
    const underWay = this.#underWay.get(key);
    if (underWay) return { joined: true, value: underWay };
    const value = work().finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, value);
    return { joined: false, value };
  }
}
