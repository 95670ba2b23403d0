import { setTimeout as delay } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { openBrowser } from '../../test/support/browser.ts';
import type { PlayerName } from '../../test/support/player-pages.ts';
import type { Line } from './line.ts';
import type { Step } from './schedule.ts';
import { type OpenViewing, openViewing, type Viewing } from './viewing.ts';

export type WatchOptions = {
  readonly player: PlayerName;
  readonly videoId: string;
  readonly line: Line;
  readonly schedule: readonly [Step, ...Step[]];
  /** Longest time until the end of the video. */
  readonly deadlineMs: number;
};

/** Plays a video to its end over a line whose bandwidth follows a schedule, and tells what was on the screen. */
export async function watch({ player, videoId, line, schedule, deadlineMs }: WatchOptions): Promise<Viewing> {
  const [first, ...steps] = schedule;
  await using browser = await openBrowser(line.browserPath, 'caller');
  const viewing = await openViewing(browser, { player, videoId, line }, first.bitsPerSecond);
  await line.preferBrowser?.();
  const leaving = new AbortController();
  const following = follow(viewing, steps, leaving.signal);
  try {
    await untilEnd(viewing.page, deadlineMs);
  } catch (cause) {
    throw new Error(`${player} did not play to the end: ${viewing.complaints.join(' / ')}`, { cause });
  } finally {
    leaving.abort();
    await following;
  }
  // Awaited here: the browser closes with this function.
  return await viewing.noted();
}

async function follow(viewing: OpenViewing, steps: readonly Step[], signal: AbortSignal): Promise<void> {
  const beganMs = performance.now();
  for (const { atSeconds, bitsPerSecond } of steps) {
    const waitMs = Math.max(0, beganMs + atSeconds * 1000 - performance.now());
    // Aborted: the video is over before the schedule is.
    const isTime = await delay(waitMs, true, { signal }).catch(() => false);
    if (!isTime) return;
    await viewing.give(bitsPerSecond);
  }
}

const LOOK_MS = 500;

async function untilEnd(page: Page, deadlineMs: number): Promise<void> {
  const isOver = (): boolean => {
    const { trouble } = window as unknown as { trouble?: string };
    if (trouble) throw new Error(trouble);
    return document.querySelector('video')?.ended === true;
  };
  await page.waitForFunction(isOver, undefined, { polling: LOOK_MS, timeout: deadlineMs });
}
