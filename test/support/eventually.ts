import { setTimeout as delay } from 'node:timers/promises';

/** Machines are slow and shared: this is for what never comes, not for what comes late. */
const DEADLINE_MS = 120_000;
const POLL_MS = 50;

/** Waits until the condition holds. */
export async function eventually(
  what: string,
  condition: () => boolean | Promise<boolean>,
  deadlineMs = DEADLINE_MS,
): Promise<void> {
  const end = performance.now() + deadlineMs;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`not within ${deadlineMs} ms: ${what}`);
    await delay(POLL_MS);
  }
}
