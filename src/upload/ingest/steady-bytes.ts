import { DomainError } from '../../domain/errors.ts';

export type SteadyBounds = { readonly idleMs: number; readonly signal: AbortSignal };

/** Slower than any line that a video is worth fetching over; a source that drips holds a place for nothing. */
const MIN_BYTES_PER_SECOND = 1_024;

/**
 * The bytes of an answer as they come, as long as each span of idleMs brings enough of them. Whatever breaks them off,
 * what came is as good as any.
 * @throws DomainError upload_incomplete; the reason of the signal
 */
export async function* steadyBytes(
  body: AsyncIterable<Uint8Array>,
  { idleMs, signal }: SteadyBounds,
): AsyncGenerator<Uint8Array, void> {
  const pace = new Pace(idleMs);
  const stop = AbortSignal.any([signal, pace.signal]);
  const source = body[Symbol.asyncIterator]();
  try {
    for (;;) {
      const step = await orAborted(source.next(), stop);
      if (step.done) return;
      pace.count(step.value.byteLength);
      yield step.value;
      pace.isOurs = false;
      stop.throwIfAborted();
    }
  } catch (error) {
    throw error instanceof DomainError ? error : new DomainError('upload_incomplete', undefined, { cause: error });
  } finally {
    pace.end();
  }
}

/** Aborts when a span of time brought too little. */
class Pace {
  readonly #tooSlow = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #bytes = 0;
  /** True while the bytes are being stored: then the source is not to blame. */
  isOurs = false;

  constructor(idleMs: number) {
    const wanted = (MIN_BYTES_PER_SECOND * idleMs) / 1000;
    this.#timer = setInterval(() => {
      if (!this.isOurs && this.#bytes < wanted)
        this.#tooSlow.abort(new DomainError('upload_incomplete', 'The source is too slow.'));
      this.#bytes = 0;
    }, idleMs);
  }

  get signal(): AbortSignal {
    return this.#tooSlow.signal;
  }

  count(bytes: number): void {
    this.#bytes += bytes;
    this.isOurs = true;
  }

  end(): void {
    clearInterval(this.#timer);
  }
}

function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
