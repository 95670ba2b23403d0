import { setTimeout as delay } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { openBrowser } from '../../test/support/browser.ts';
import { type PlayerName, type PlayerState, playerPage, playerState } from '../../test/support/player-pages.ts';
import type { Line } from './line.ts';
import type { Step } from './schedule.ts';
import { RECORDER, type Seen } from './seen.ts';

export type Viewing = {
  readonly player: PlayerName;
  readonly browser: string;
  readonly startedMs: number;
  /** What the line carried from when on. */
  readonly given: readonly { readonly atMs: number; readonly bitsPerSecond: number }[];
  readonly seen: Seen;
  readonly state: PlayerState;
};
export type WatchOptions = {
  readonly player: PlayerName;
  readonly videoId: string;
  readonly line: Line;
  readonly schedule: readonly Step[];
  /** Longest time until the end of the video. */
  readonly deadlineMs: number;
};

/** Plays a video to its end over a line whose bandwidth follows a schedule, and tells what was on the screen. */
export async function watch({ player, videoId, line, schedule, deadlineMs }: WatchOptions): Promise<Viewing> {
  await line.give(schedule[0]?.bitsPerSecond ?? 0);
  await using browser = await openBrowser(line.browserPath);
  const page = await browser.newPage({ bypassCSP: true });
  const complaints: string[] = [];
  page.on('console', (message) => void (message.type() === 'error' && complaints.push(message.text())));
  await page.goto(`${line.url}/health`);
  const startedMs = Date.now();
  // Written into a page of the platform, past its content policy, so that the player itself takes nothing of the line.
  await page.setContent(playerPage(player, videoId, RECORDER));
  await line.preferBrowser?.();
  const leaving = new AbortController();
  const given: { atMs: number; bitsPerSecond: number }[] = [];
  const following = follow(line, schedule, leaving.signal, (step) => given.push(step));
  try {
    await untilEnd(page, deadlineMs);
  } catch (cause) {
    throw new Error(`${player} did not play to the end: ${complaints.join(' / ')}`, { cause });
  } finally {
    leaving.abort();
    await following;
  }
  const seen = await page.evaluate(() => (window as unknown as { seen: Seen }).seen);
  return { player, browser: browser.version(), startedMs, given, seen, state: await playerState(page) };
}

type Given = (step: { atMs: number; bitsPerSecond: number }) => void;

async function follow(line: Line, schedule: readonly Step[], signal: AbortSignal, onGiven: Given): Promise<void> {
  const beganMs = performance.now();
  for (const { atSeconds, bitsPerSecond } of schedule) {
    const waitMs = Math.max(0, beganMs + atSeconds * 1000 - performance.now());
    // Aborted: the video is over before the schedule is.
    const isTime = await delay(waitMs, true, { signal }).catch(() => false);
    if (!isTime) return;
    await line.give(bitsPerSecond);
    onGiven({ atMs: Date.now(), bitsPerSecond });
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
