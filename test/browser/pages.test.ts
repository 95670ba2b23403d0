import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { openBrowser, openPage, playing, saveScreenshot } from '../support/browser.ts';
import { eventually } from '../support/eventually.ts';
import { Instance } from '../support/instance.ts';
import { ffmpeg } from '../support/media.ts';
import { assertAccessible, assertSteady, countBytes, noteShifts, seenBy } from '../support/page-checks.ts';

/** The pages in a real browser, on the whole platform. */
let instance: Instance;
let browser: Browser;
let folder: string;
let videoId: string;

/** What the library may take without the player, compressed, with all heads: of that, two thirds are React and tus. */
const LIBRARY_BYTES = 150_000;

/** Some seconds of work, on a machine that may have ten times as much to do. */
const READY_MS = 180_000;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-clips-'));
  await makeDusk(join(folder, 'River at dusk.mp4'));
  await writeFile(join(folder, 'Notes.mp4'), 'no video at all');
  await writeFile(join(folder, 'English.srt'), '1\n00:00:01,000 --> 00:00:04,000\nThe river at dusk.\n');
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
  await page.getByText('No videos yet').waitFor();
  await assertAccessible(page);
  await saveScreenshot(page, 'library-empty');
  await page.getByTestId('upload-input').setInputFiles(join(folder, 'River at dusk.mp4'));
  const row = page.getByTestId('video-row').filter({ hasText: 'River at dusk' });
  await row.waitFor();
  await saveScreenshot(page, 'library-processing');
  await row.getByTestId('video-state').filter({ hasText: /ready/i }).waitFor({ timeout: READY_MS });
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
  await eventually('the edges know that everybody may play it again', async () => (await fetch(address)).ok);
});

test('a download plays as it comes, from anywhere in it', async () => {
  const { page, complaints } = await openPage(browser);
  await page.goto(instance.url);
  // So plain a picture gets few renditions.
  const { renditions } = await instance.video(videoId);
  const name = renditions.find(({ kind }) => kind === 'video')?.name;
  await page.setContent(
    `<video src="${instance.url}/videos/${videoId}/download/${name}.mp4" style="width: 20em"></video>`,
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

test('the library loads in few bytes, and nothing moves while it does', async (context) => {
  const { page } = await openPage(browser);
  await noteShifts(page);
  const bytes = await countBytes(page);
  await page.goto(instance.url);
  await page.getByTestId('video-row').waitFor();
  await eventually('the list came', () => [...bytes().keys()].some((address) => address.includes('/videos?')));
  const sum = [...bytes().values()].reduce((all, one) => all + one, 0);
  const shownMs = await page.evaluate(() => Math.round(performance.now()));
  context.diagnostic(`${sum} bytes, shown after ${shownMs} ms, long tasks ${(await seenBy(page)).longTasks} ms`);
  assert.ok(sum < LIBRARY_BYTES, JSON.stringify([...bytes()]));
  await assertSteady(page);
  await page.close();
});

test('the library is searched by title and by state, and shows a video under the pointer', async () => {
  await instance.upload(join(folder, 'Notes.mp4'), 'Notes.mp4');
  const { page, complaints } = await openPage(browser);
  await page.goto(instance.url);
  const rows = page.getByTestId('video-row');
  await rows.filter({ hasText: 'Failed' }).waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type('RIVER');
  await rows.filter({ hasText: 'Notes' }).waitFor({ state: 'detached' });
  await rows.filter({ hasText: 'River' }).locator('.poster').hover();
  await page.getByTestId('poster-tile').waitFor();
  await saveScreenshot(page, 'library-search');
  assert.equal(new URL(page.url()).search, '?q=RIVER');
  await page.getByRole('link', { name: 'Failed' }).click();
  await page.getByText('No video is found').waitFor();
  await saveScreenshot(page, 'library-nothing-found');
  await page.getByRole('link', { name: 'Show all videos' }).click();
  await rows.filter({ hasText: 'Notes' }).waitFor();
  assert.deepEqual(complaints, []);
  await page.close();
});

test('captions are added on the watch page and removed again, and attempts are listed', async () => {
  const { page, complaints } = await openPage(browser);
  await page.goto(`${instance.url}/watch/${videoId}`);
  await page.getByTestId('caption-file').setInputFiles(join(folder, 'English.srt'));
  await page.locator('[data-testid=caption][data-language=en]').waitFor();
  assert.match(await (await fetch(`${instance.url}/videos/${videoId}/text/en`)).text(), /The river at dusk/);
  await page.getByRole('button', { name: 'Remove the captions in English' }).click();
  await page.getByTestId('confirm-action').click();
  await page.locator('[data-testid=caption]').waitFor({ state: 'detached' });
  await page.getByText('Attempts', { exact: true }).click();
  const { job } = await instance.video(videoId);
  const listed = await page.getByTestId('attempts').locator('tbody tr').count();
  assert.ok(job && listed >= job.tasks.done, `${listed} attempts are listed`);
  assert.equal(await page.getByTestId('work-bar').count(), listed);
  assert.deepEqual(complaints, []);
  await page.close();
});

for (const { colours, viewport } of [
  { colours: 'light', viewport: { width: 1280, height: 800 } },
  { colours: 'dark', viewport: { width: 390, height: 844 } },
] as const) {
  test(`pages in ${colours} at ${viewport.width} pixels keep to the rules for all readers, and nothing moves`, async () => {
    const { page } = await openPage(browser, colours);
    await page.setViewportSize(viewport);
    await noteShifts(page);
    for (const [name, path, shown] of [
      ['library', '/', 'video-row'],
      ['watch', `/watch/${videoId}`, 'work'],
      ['system', '/status', 'workers'],
    ] as const) {
      await page.goto(instance.url + path);
      await page.getByTestId(shown).first().waitFor();
      await assertAccessible(page);
      await assertSteady(page);
      await saveScreenshot(page, `${name}-${colours}-${viewport.width}`);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(overflow <= 0, `${name} is ${overflow} pixels wider than the window`);
    }
    await page.close();
  });
}

test('processing again shows in the chart who does what, and on the system page', async () => {
  const { page, complaints } = await openPage(browser);
  await page.goto(`${instance.url}/watch/${videoId}`);
  await page.getByTestId('process-anew').click();
  await page.getByTestId('confirm-action').click();
  await page.locator('[data-testid=work-bar][data-outcome=running]').first().waitFor();
  await page.getByTestId('work').scrollIntoViewIfNeeded();
  await saveScreenshot(page, 'watch-work');
  await page.getByRole('link', { name: 'System' }).click();
  await page.getByTestId('workers').getByText('Busy').first().waitFor();
  await saveScreenshot(page, 'system-busy');
  await page.getByTestId('failures').getByRole('link', { name: 'Notes' }).waitFor();
  assert.deepEqual(complaints, []);
  await page.close();
});

test('a video is deleted once that was confirmed', async () => {
  const { page, complaints } = await openPage(browser);
  await page.goto(instance.url);
  const row = page.getByTestId('video-row').filter({ hasText: 'Notes' });
  await row.getByRole('button', { name: 'Delete Notes' }).click();
  await saveScreenshot(page, 'library-delete');
  await page.getByTestId('confirm-action').click();
  await row.waitFor({ state: 'detached' });
  const { videos } = (await (await fetch(`${instance.url}/videos`)).json()) as { videos: { title: string }[] };
  assert.deepEqual(
    videos.map(({ title }) => title),
    ['River at dusk'],
  );
  assert.deepEqual(complaints, []);
  await page.close();
});

/** Light over water, more or less: what stands in the README should not look like a test. */
const makeDusk = (file: string): Promise<string> =>
  ffmpeg(
    ...['-f', 'lavfi', '-i', 'gradients=s=1280x720:r=30:d=12:n=3:c0=0x0b2a33:c1=0xf2a65a:c2=0x27425e:speed=0.02'],
    ...['-f', 'lavfi', '-i', 'sine=f=220:d=12', '-pix_fmt', 'yuv420p', '-c:v', 'libx264', '-preset', 'ultrafast'],
    ...['-bf', '2', '-g', '60', '-c:a', 'aac', file],
  );

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
