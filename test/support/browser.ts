import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';

export const CHROMIUM = process.env.MILLRACE_TEST_CHROMIUM ?? '/usr/bin/chromium';
const SCREENSHOTS = process.env.MILLRACE_SCREENSHOTS ?? resolve(import.meta.dirname, '../../.cache/screenshots');

/** As root there is no sandbox; the rest keeps it from talking to anybody but us. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--autoplay-policy=no-user-gesture-required',
];

/** Generous: a page on a loaded machine is slow, and a broken one never comes. */
const DEADLINE_MS = 60_000;

/**
 * @param executablePath another way to start it
 * @param endedBy who ends it when a signal comes: Playwright would end the whole process with it
 */
export async function openBrowser(
  executablePath = CHROMIUM,
  endedBy: 'playwright' | 'caller' = 'playwright',
): Promise<Browser> {
  const handles = endedBy === 'playwright';
  const signals = { handleSIGINT: handles, handleSIGTERM: handles, handleSIGHUP: handles };
  return chromium.launch({ executablePath, args: FLAGS, ...signals });
}

export type OpenPage = { readonly page: Page; readonly complaints: string[] };

/** A page, with everything that it complained about: errors that nobody caught, and what it wrote to the console. */
export async function openPage(browser: Browser, colorScheme: 'light' | 'dark' = 'light'): Promise<OpenPage> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, colorScheme });
  page.setDefaultTimeout(DEADLINE_MS);
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  return { page, complaints };
}

export async function saveScreenshot(page: Page, name: string): Promise<void> {
  await mkdir(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) });
}

export type Playing = { frames: number; seconds: number; widthPx: number };

/** What the page's video element has decoded so far. */
export const playing = (page: Page): Promise<Playing> =>
  page.locator('video').evaluate((element) => {
    const video = element as HTMLVideoElement;
    const { totalVideoFrames } = video.getVideoPlaybackQuality();
    return { frames: totalVideoFrames, seconds: video.currentTime, widthPx: video.videoWidth };
  });
