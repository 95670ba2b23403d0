import { setTimeout as delay } from 'node:timers/promises';

/** Waits for a condition, never for a duration; fails with a name once the deadline has passed. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>, deadlineMs = 10_000): Promise<void> {
  const endMs = performance.now() + deadlineMs;
  while (!(await isSo())) {
    if (performance.now() > endMs) throw new Error(`waited ${deadlineMs} ms in vain: ${what}`);
    await delay(5);
  }
}
