import type { IncomingMessage } from 'node:http';
import { DomainError } from '../domain/errors.ts';

export type BodyBounds = {
  /** The sender may be silent for this long while we wait for it. */
  readonly idleMs: number;
  /** Ends the reading with its reason. */
  readonly signal: AbortSignal;
};

/**
 * The bytes of a request as they come. Leaving it early leaves the request as it is, so that an answer can still be
 * sent, which the request's own iterator would prevent.
 * @throws DomainError upload_incomplete when the sender breaks off or falls silent.
 */
export async function* readBody(request: IncomingMessage, bounds: BodyBounds): AsyncGenerator<Uint8Array, void> {
  for (;;) {
    bounds.signal.throwIfAborted();
    const chunk: Uint8Array | null = request.read();
    if (chunk !== null) {
      yield chunk;
      continue;
    }
    if (request.readableEnded) break;
    if (request.destroyed) throw new DomainError('upload_incomplete');
    await somethingNew(request, bounds);
  }
  if (!request.complete) throw new DomainError('upload_incomplete');
}

const NEWS = ['readable', 'end', 'error', 'close'] as const;

function somethingNew(request: IncomingMessage, { idleMs, signal }: BodyBounds): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error?: unknown): void => {
      clearTimeout(timer);
      for (const event of NEWS) request.off(event, onNews);
      signal.removeEventListener('abort', onAbort);
      if (error === undefined) resolve();
      else reject(error);
    };
    // What came is found by looking at the request, whichever event it was.
    const onNews = (): void => settle();
    const onAbort = (): void => settle(signal.reason);
    const timer = setTimeout(() => settle(silent(idleMs)), idleMs);
    for (const event of NEWS) request.on(event, onNews);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}

const silent = (idleMs: number): DomainError =>
  new DomainError('upload_incomplete', `Not a byte came for ${Math.round(idleMs / 1000)} s.`);
