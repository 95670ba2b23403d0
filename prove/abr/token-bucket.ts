type BucketOptions = { readonly bytesPerSecond: number; readonly burstMs: number; readonly nowMs: number };

/**
 * How many bytes may pass by now: so many a second, and a burst of what was not used, which is what the rate carries in
 * so many ms. Rates may change at any time. Pure but for its own state; time is handed in.
 */
export class TokenBucket {
  readonly #burstMs: number;
  #bytesPerSecond: number;
  #tokens = 0;
  #atMs: number;

  constructor({ bytesPerSecond, burstMs, nowMs }: BucketOptions) {
    this.#bytesPerSecond = bytesPerSecond;
    this.#burstMs = burstMs;
    this.#atMs = nowMs;
  }

  setRate(bytesPerSecond: number, nowMs: number): void {
    this.#fill(nowMs);
    this.#bytesPerSecond = bytesPerSecond;
    this.#fill(nowMs);
  }

  /** Whole bytes that may pass now, at most as many as wanted; they count as passed. */
  take(wantedBytes: number, nowMs: number): number {
    this.#fill(nowMs);
    const bytes = Math.min(wantedBytes, Math.floor(this.#tokens));
    this.#tokens -= bytes;
    return bytes;
  }

  #fill(nowMs: number): void {
    const fresh = (this.#bytesPerSecond * (nowMs - this.#atMs)) / 1000;
    this.#tokens = Math.min((this.#bytesPerSecond * this.#burstMs) / 1000, this.#tokens + fresh);
    this.#atMs = nowMs;
  }
}
