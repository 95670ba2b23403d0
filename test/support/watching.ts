import type { Page } from 'playwright-core';
import { playing } from './browser.ts';
import { eventually } from './eventually.ts';

export type MediaState = { heightPx: number; paused: boolean; muted: boolean; rate: number; cues: string[] };

/** What the page's video element shows, and the texts that stand in its picture. */
export const mediaState = (page: Page): Promise<MediaState> =>
  page.locator('video').evaluate((element) => {
    const video = element as HTMLVideoElement;
    const shown = [...video.textTracks].filter(({ mode, kind }) => mode === 'showing' && kind !== 'metadata');
    return {
      heightPx: video.videoHeight,
      paused: video.paused,
      muted: video.muted,
      rate: video.playbackRate,
      cues: shown.flatMap(({ activeCues }) => [...(activeCues ?? [])].map((cue) => (cue as VTTCue).text)),
    };
  });

/** A video element may say that it plays while nothing is decoded, so frames are what counts. */
export async function assertPlays(page: Page): Promise<void> {
  await page.locator('video').waitFor();
  await page.locator('video').evaluate((element) => (element as HTMLVideoElement).play());
  const { frames } = await playing(page);
  await eventually('frames are decoded', async () => (await playing(page)).frames > frames + 20);
}

const CLICK_MS = 2000;

/** Opens one of the player's menus as a viewer does, and takes the entry of that name. */
export async function chooseInMenu(page: Page, menu: string, entry: RegExp): Promise<void> {
  const item = page.locator(menu).getByRole('menuitemradio', { name: entry });
  await eventually(`${entry} is chosen in ${menu}`, async () => {
    if (!(await item.isVisible())) await page.locator(`${menu}-button`).click();
    // A menu that is drawn anew at this moment closes, and is opened again.
    return item.click({ timeout: CLICK_MS }).then(
      () => true,
      () => false,
    );
  });
}

/** Of the statistics, while they are open. */
export const sessionShown = async (page: Page): Promise<string> =>
  (await page.getByTestId('player-stats').locator('dd').first().innerText()).trim();
export const edgeShown = async (page: Page): Promise<string | undefined> =>
  /Edge\s+(edge-\d)/.exec(await page.getByTestId('player-stats').innerText())?.[1];

export async function seek(page: Page, seconds: number): Promise<void> {
  await page.locator('video').evaluate((element, to) => {
    const video = element as HTMLVideoElement;
    const arrived = new Promise((resolve) => video.addEventListener('seeked', resolve, { once: true }));
    video.currentTime = to;
    return arrived;
  }, seconds);
}
