import type { Browser, Page } from 'playwright-core';
import { type PlayerName, type PlayerState, playerPage, playerState } from '../../test/support/player-pages.ts';
import type { Line } from './line.ts';
import { RECORDER, type Seen } from './seen.ts';

/** One player's playing of a video, as its page noted it. */
export type Viewing = {
  readonly player: PlayerName;
  readonly browser: string;
  readonly startedMs: number;
  /** What the line carried from when on. */
  readonly given: readonly Given[];
  readonly seen: Seen;
  readonly state: PlayerState;
};
type Given = { readonly atMs: number; readonly bitsPerSecond: number };

/** A viewing that goes on. */
export type OpenViewing = {
  readonly page: Page;
  /** What the line carries from now on. */
  give(bitsPerSecond: number): Promise<void>;
  /** All that was noted until now. */
  noted(): Promise<Viewing>;
  /** What the page wrote to its console as errors. */
  readonly complaints: readonly string[];
};

type ViewingOptions = { readonly player: PlayerName; readonly videoId: string; readonly line: Line };

/** Lets a player begin to play a video over a line. */
export async function openViewing(
  browser: Browser,
  { player, videoId, line }: ViewingOptions,
  bitsPerSecond: number,
): Promise<OpenViewing> {
  await line.give(bitsPerSecond);
  const page = await browser.newPage({ bypassCSP: true });
  const complaints: string[] = [];
  page.on('console', (message) => void (message.type() === 'error' && complaints.push(message.text())));
  await page.goto(`${line.url}/health`);
  const startedMs = Date.now();
  const given: Given[] = [{ atMs: startedMs, bitsPerSecond }];
  // Written into a page of the platform, past its content policy, so that the player itself takes nothing of the line.
  await page.setContent(playerPage(player, videoId, RECORDER));
  return {
    page,
    complaints,
    give: async (next) => {
      await line.give(next);
      given.push({ atMs: Date.now(), bitsPerSecond: next });
    },
    noted: async () => {
      const seen = await page.evaluate(() => (window as unknown as { seen: Seen }).seen);
      return { player, browser: browser.version(), startedMs, given, seen, state: await playerState(page) };
    },
  };
}
