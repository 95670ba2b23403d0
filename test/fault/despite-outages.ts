import { setTimeout as delay } from 'node:timers/promises';

const DEADLINE_MS = 30_000;
const PAUSE_MS = 100;

/** Asks again while the database or the store is away, as a client does. */
export async function despiteOutages<T>(ask: () => Promise<T>): Promise<T> {
  const endMs = performance.now() + DEADLINE_MS;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (performance.now() > endMs) throw error;
      await delay(PAUSE_MS);
    }
  }
}
