import { setTimeout as delay } from 'node:timers/promises';

export type Patience = { readonly deadlineMs: number; readonly signal: AbortSignal };

/** Seldom enough to leave the processor to what is waited for: a look may read all logs. */
const LOOK_EVERY_MS = 250;

/** Looks again and again until there is something to give. */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined>,
  { deadlineMs, signal }: Patience,
): Promise<T> {
  const end = performance.now() + deadlineMs;
  while (performance.now() < end) {
    const found = await look();
    if (found !== undefined) return found;
    await delay(LOOK_EVERY_MS, undefined, { signal });
  }
  throw new Error(`not within ${deadlineMs / 1000} s: ${what}`);
}
