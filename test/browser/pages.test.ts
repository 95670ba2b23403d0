import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { openBrowser, openPage, playing, saveScreenshot } from '../support/browser.ts';
import { eventually } from '../support/eventually.ts';
import { Instance } from '../support/instance.ts';
import { makeClip } from '../support/media.ts';

/** The pages in a real browser, on the whole platform. */
let instance: Instance;
let browser: Browser;
let folder: string;
let videoId: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-clips-'));
  await makeClip(join(folder, 'River at dusk.mp4'), { seconds: 12, size: '1280x720' });
  instance = await Instance.start();
  browser = await openBrowser();
});

after(async () => {
  await browser?.close();
  await instance?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

test('a file chosen on the page is uploaded, shows its progress and becomes ready', async () => {
  const { page, complaints } = await openPage(browser);
  await page.goto(instance.url);
  await saveScreenshot(page, 'library-empty');
  await page.getByTestId('upload-input').setInputFiles(join(folder, 'River at dusk.mp4'));
  const row = page.getByTestId('video-row').filter({ hasText: 'River at dusk' });
  await row.waitFor();
  await saveScreenshot(page, 'library-processing');
  await row.getByTestId('video-state').filter({ hasText: /ready/i }).waitFor();
  await saveScreenshot(page, 'library');
  assert.deepEqual(complaints, []);
  const { videos } = (await (await fetch(`${instance.url}/videos`)).json()) as { videos: { id: string }[] };
  videoId = videos[0]?.id ?? '';
  await page.close();
});

for (const { tech, query } of [
  { tech: 'hls.js', query: '' },
  { tech: 'shaka-player', query: '?tech=dash' },
]) {
  test(`${tech} plays it through the router, frame after frame`, async () => {
    const { page, complaints } = await openPage(browser);
    await page.goto(`${instance.url}/watch/${videoId}${query}`);
    await assertPlays(page);
    await saveScreenshot(page, `watch-${tech}`);
    assert.deepEqual(complaints, []);
    await page.close();
  });
}

test('a private video plays on its own page', async () => {
  const set = (visibility: string) =>
    fetch(`${instance.url}/videos/${videoId}`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ visibility }),
    });
  await set('private');
  const address = `${instance.url}/play/${videoId}/index.m3u8`;
  await eventually('the edges know', async () => (await fetch(address)).status === 403);
  const { page } = await openPage(browser);
  await page.goto(`${instance.url}/watch/${videoId}?autoplay&muted`);
  await eventually('frames are decoded', async () => (await playing(page)).frames > 10);
  await page.close();
  await set('public');
});

test('a download plays as it comes, from anywhere in it', async () => {
  const { page, complaints } = await openPage(browser);
  await page.goto(instance.url);
  await page.setContent(
    `<video src="${instance.url}/videos/${videoId}/download/v360.mp4" style="width: 20em"></video>`,
  );
  await page.locator('video').evaluate((element) => {
    const video = element as HTMLVideoElement;
    const shown = new Promise((resolve) => video.addEventListener('seeked', resolve, { once: true }));
    video.currentTime = 7;
    return shown;
  });
  await assertPlays(page);
  assert.ok((await playing(page)).seconds > 7);
  assert.deepEqual(complaints, []);
  await page.close();
});

test('the pages are dark where the system is', async () => {
  const { page } = await openPage(browser, 'dark');
  await page.goto(instance.url);
  await page.getByTestId('video-row').waitFor();
  const lightness = await page.evaluate(() => {
    const [r = 0, g = 0, b = 0] = getComputedStyle(document.body).backgroundColor.match(/\d+/g)?.map(Number) ?? [];
    return (r + g + b) / 3;
  });
  assert.ok(lightness < 60, `the background is ${lightness}`);
  await saveScreenshot(page, 'library-dark');
  await page.close();
});

/** A video element may say that it plays while nothing is decoded, so frames are what counts. */
async function assertPlays(page: Page): Promise<void> {
  await page.locator('video').waitFor();
  await page.locator('video').evaluate((element) => {
    const video = element as HTMLVideoElement;
    video.muted = true;
    return video.play();
  });
  let first = 0;
  await eventually('frames are decoded', async () => {
    first = (await playing(page)).frames;
    return first > 0;
  });
  await eventually('more frames are decoded', async () => {
    const now = await playing(page);
    return now.frames > first + 60 && now.seconds > 2 && now.widthPx > 0;
  });
}
