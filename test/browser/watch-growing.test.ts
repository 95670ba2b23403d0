import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { openBrowser, openPage, playing, saveScreenshot } from '../support/browser.ts';
import { eventually } from '../support/eventually.ts';
import { Instance } from '../support/instance.ts';
import { makeTwoLanguageClip } from '../support/media.ts';
import { chooseInMenu } from '../support/watching.ts';

/** Our own watch page on a video that is being processed, on the whole platform. */
const SECONDS = 24;
let instance: Instance;
let browser: Browser;
let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-clips-'));
  instance = await Instance.start();
  browser = await openBrowser();
});

after(async () => {
  await browser?.close();
  await instance?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** Sizes that the player offers. */
const sizes = (page: Page): Promise<number> =>
  page
    .locator('video')
    .evaluate((element) => (element as unknown as { videoRenditions: unknown[] }).videoRenditions.length);

/** The renditions of the sound that the page has loaded, segment after segment. */
const soundsLoaded = (page: Page): Promise<string[]> =>
  page.evaluate(() =>
    performance.getEntriesByType('resource').flatMap(({ name }) => /\/(a-\w+)\/\d+\.m4s/.exec(name)?.[1] ?? []),
  );

test('a video plays on its page while it is processed, and goes on at its place in every size when that is done', async () => {
  const clip = join(folder, 'River at dusk.mp4');
  await makeTwoLanguageClip(clip, { seconds: SECONDS, size: '640x360' });
  const { id } = await instance.upload(clip, 'River at dusk.mp4');
  const { page, complaints } = await openPage(browser);
  await page.goto(`${instance.url}/watch/${id}?autoplay&muted`);
  await page.locator('video').waitFor();
  await eventually('it plays', async () => (await playing(page)).seconds > 0.5);
  assert.equal((await instance.video(id)).state, 'processing');
  await page.getByTestId('open-job').waitFor();
  await chooseInMenu(page, 'media-audio-track-menu', /^Deutsch|^German/);
  await saveScreenshot(page, 'watch-growing');
  await page.locator('video').evaluate((element) => {
    const video = element as HTMLVideoElement;
    // Stays within what is there, and is left to the test from here on.
    video.playbackRate = 0.25;
  });
  const ready = await instance.settled(id);
  assert.equal(ready.state, 'ready');
  const before = await playing(page);
  await page.getByTestId('open-job').waitFor({ state: 'detached' });
  const rungs = ready.renditions.filter(({ kind }) => kind === 'video').length;
  assert.ok(rungs > 1);
  await eventually('every size is offered', async () => (await sizes(page)) === rungs);
  await eventually('it plays on', async () => (await playing(page)).seconds > before.seconds + 0.5);
  const rate = await page.locator('video').evaluate((element) => (element as HTMLVideoElement).playbackRate);
  assert.equal(rate, 0.25);
  await eventually(
    'the whole is heard in the chosen language',
    async () => (await soundsLoaded(page)).at(-1) === 'a-de',
  );
  await saveScreenshot(page, 'watch-grown');
  assert.deepEqual(complaints, []);
  await page.close();
});
