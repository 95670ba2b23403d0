import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import type { RenditionList } from '../../web/src/player/rendition-list.ts';
import { listening } from '../fakes/listening.ts';
import { openBrowser, openPage, playing, saveScreenshot } from '../support/browser.ts';
import { eventually } from '../support/eventually.ts';
import { Instance } from '../support/instance.ts';
import { makeTwoLanguageClip } from '../support/media.ts';
import { countBytes } from '../support/page-checks.ts';
import { childPid } from '../support/processes.ts';
import { assertPlays, chooseInMenu, edgeShown, mediaState, seek, sessionShown } from '../support/watching.ts';

/** Everything that the player offers on the watch page, on one video with two languages and captions. */
const SECONDS = 30;
let instance: Instance;
let browser: Browser;
let folder: string;
let videoId: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-clips-'));
  const clip = join(folder, 'River at dusk.mp4');
  await makeTwoLanguageClip(clip, { seconds: SECONDS, size: '640x360' });
  instance = await Instance.start();
  browser = await openBrowser();
  videoId = (await instance.upload(clip, 'River at dusk.mp4')).id;
  const captions = '1\n00:00:00,000 --> 00:00:30,000\nThe river carries everything.\n';
  const answer = await fetch(`${instance.url}/videos/${videoId}/text/en`, { method: 'PUT', body: captions });
  assert.equal(answer.status, 200);
  assert.equal((await instance.settled(videoId)).state, 'ready');
});

after(async () => {
  await browser?.close();
  await instance?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const openWatch = async (query = '', colorScheme: 'light' | 'dark' = 'light') => {
  const opened = await openPage(browser, colorScheme);
  await opened.page.goto(`${instance.url}/watch/${videoId}${query}`);
  return opened;
};

for (const { tech, query } of [
  { tech: 'hls.js', query: '?muted' },
  { tech: 'shaka-player', query: '?muted&tech=dash' },
]) {
  test(`${tech}: size, captions and language are chosen by hand, and the next segments follow`, async () => {
    const { page, complaints } = await openWatch(query);
    await assertPlays(page);
    await chooseInMenu(page, 'media-rendition-menu', /^240p/);
    await eventually('240 lines are shown', async () => (await mediaState(page)).heightPx === 240);
    await chooseInMenu(page, 'media-captions-menu', /^English/);
    await eventually('the cue stands in the picture', async () =>
      (await mediaState(page)).cues.includes('The river carries everything.'),
    );
    await chooseInMenu(page, 'media-audio-track-menu', /^Deutsch|^German/);
    await page.keyboard.press('s');
    const stats = page.getByTestId('player-stats');
    await eventually('segments of the other language are loaded', async () =>
      /a-de \d+: /.test(await stats.innerHTML()),
    );
    await page.mouse.move(640, 300);
    await saveScreenshot(page, `player-${tech}`);
    assert.match(
      await stats.innerText(),
      /Edge\s+edge-\d[\s\S]*Shown\s+426 × 240[\s\S]*Cache\s+\d+ (hit|miss|coalesced|prefetched)/,
    );
    assert.deepEqual(complaints, []);
    await assertEdgeWasTold(page, await sessionShown(page));
    await page.close();
  });
}

/** It must not be over before a busy machine has done what the test does. */
const playSlowly = (page: Page): Promise<void> =>
  page.locator('video').evaluate((video) => {
    (video as HTMLVideoElement).playbackRate = 0.25;
  });

/** In the size that was loaded last there may be nothing left to load. */
async function loadOtherSize(page: Page): Promise<void> {
  const [, lines] = /Loading\s+v(\d+)/.exec(await page.getByTestId('player-stats').innerText()) ?? [];
  await page.locator('video').evaluate((video, loadedPx) => {
    const { videoRenditions } = video as HTMLVideoElement & { videoRenditions: RenditionList };
    videoRenditions.selectedIndex = [...videoRenditions].findIndex(({ height }) => height !== loadedPx);
  }, Number(lines));
}

/** What the statistics show as the session is the one of the edge's log, and what the player said (CMCD) names it, too. */
async function assertEdgeWasTold(page: Page, sessionId: string): Promise<void> {
  assert.match(sessionId, /^[0-9a-z]{16}$/);
  await eventually('the edge has logged what the player said', async () => {
    const served = (await instance.logs()).filter((line) => line.sessionId === sessionId && line.kind === 'segment');
    return served.some(({ cmcd }) => (cmcd as { sid?: string; mtp?: number } | undefined)?.sid === sessionId);
  });
  assert.equal(page.isClosed(), false);
}

test('pictures of the storyboard are shown while somebody scrubs', async () => {
  const { page, complaints } = await openWatch('?muted', 'dark');
  await assertPlays(page);
  const track = page.locator('track[label=thumbnails]');
  await eventually('the storyboard is loaded', () => track.evaluate((t) => (t as HTMLTrackElement).readyState === 2));
  const range = page.locator('media-time-range');
  const box = (await range.boundingBox())!;
  await page.mouse.move(box.x + box.width * 0.4, box.y + box.height / 2);
  await page.mouse.move(box.x + box.width * 0.6, box.y + box.height / 2, { steps: 4 });
  const picture = page.locator('media-preview-thumbnail img');
  await eventually('a picture is drawn', () =>
    picture.evaluate(
      (img) =>
        (img as HTMLImageElement).naturalWidth > 0 &&
        img.getBoundingClientRect().width > 0 &&
        img.checkVisibility({ visibilityProperty: true }),
    ),
  );
  assert.match((await picture.getAttribute('src')) ?? '', /\/play\/\w+\/[\w.-]+\/g1\/images\/storyboard-000\.jpg$/);
  await saveScreenshot(page, 'player-scrubbing');
  assert.deepEqual(complaints, []);
  await page.close();
});

test('keys work wherever nothing else has the focus, and are listed in a dialog', async () => {
  const { page, complaints } = await openWatch('?muted');
  await assertPlays(page);
  await page.keyboard.press('k');
  await eventually('it pauses', async () => (await mediaState(page)).paused);
  const { seconds } = await playing(page);
  await page.keyboard.press('ArrowRight');
  await eventually('it is five seconds further on', async () => (await playing(page)).seconds >= seconds + 4.5);
  await page.keyboard.press('m');
  await eventually('it is heard', async () => !(await mediaState(page)).muted);
  await page.keyboard.press('>');
  await eventually('it is faster', async () => (await mediaState(page)).rate > 1);
  await page.keyboard.press('?');
  const dialog = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
  await dialog.waitFor();
  await saveScreenshot(page, 'player-shortcuts');
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  assert.deepEqual(complaints, []);
  await page.close();
});

test('a viewer who comes back goes on where he stopped, and begins anew after the end', async () => {
  const { page } = await openWatch('?muted');
  await assertPlays(page);
  await seek(page, 15);
  await page.keyboard.press('k');
  await eventually('it pauses', async () => (await mediaState(page)).paused);
  await page.reload();
  await eventually('it stands where it stopped', async () => Math.abs((await playing(page)).seconds - 15) < 2);
  await seek(page, SECONDS - 1);
  await page.reload();
  await eventually('it is loaded', async () => (await mediaState(page)).heightPx > 0);
  assert.ok((await playing(page)).seconds < 1);
  await page.close();
});

test('on a phone the controls fit, and what cannot play says what to do', async () => {
  const { page } = await openPage(browser, 'dark');
  await page.setViewportSize({ width: 360, height: 740 });
  await page.goto(`${instance.url}/watch/${videoId}?muted`);
  await assertPlays(page);
  await page.locator('video').evaluate((video) => (video as HTMLVideoElement).pause());
  const bar = page.locator('media-control-bar');
  const overflow = await bar.evaluate((element) => element.scrollWidth - element.clientWidth);
  assert.ok(overflow <= 0, `the controls are ${overflow} px too wide`);
  await saveScreenshot(page, 'player-phone');
  await page.route('**/play/**', (route) => route.fulfill({ status: 403 }));
  await page.reload();
  const failure = page.getByTestId('player').getByRole('alert');
  assert.match(await failure.innerText(), /private[\s\S]*Ask for a new one/);
  await saveScreenshot(page, 'player-denied');
  await page.unroute('**/play/**');
  await failure.getByRole('button', { name: 'Try again' }).click();
  await assertPlays(page);
  await page.close();
});

test('after a failure it plays on from its place when that is asked for, with the captions that were on', async () => {
  const { page } = await openPage(browser);
  const { promise: chosen, resolve: onChosen } = Promise.withResolvers<void>();
  let isRefused = true;
  await page.route(/\/play\/.*\/v\d+\/00000[2-9]\.m4s/, async (route) => {
    await chosen;
    await (isRefused ? route.fulfill({ status: 403 }) : route.continue());
  });
  await page.goto(`${instance.url}/watch/${videoId}?muted&tech=dash`);
  await assertPlays(page);
  await chooseInMenu(page, 'media-captions-menu', /^English/);
  onChosen();
  const failure = page.getByTestId('player').getByRole('alert');
  await failure.waitFor();
  const { seconds } = await playing(page);
  isRefused = false;
  await failure.getByRole('button', { name: 'Try again' }).click();
  await eventually('it plays on', async () => (await playing(page)).seconds > seconds + 0.5);
  await eventually('the cue stands in the picture', async () => (await mediaState(page)).cues.length > 0);
  await page.close();
});

test('shaka-player: a size whose segments cannot be had is left, and nobody is told that playback has ended', async () => {
  const { page } = await openPage(browser);
  let refused = 0;
  await page.route(/\/v360\/\d+\.m4s/, async (route) => {
    refused += 1;
    await route.fulfill({ status: 503 });
  });
  await page.goto(`${instance.url}/watch/${videoId}?muted&tech=dash`);
  await assertPlays(page);
  await chooseInMenu(page, 'media-rendition-menu', /^360p/);
  await eventually('it was asked for', () => refused > 0);
  await eventually('it plays to the end', async () => (await playing(page)).seconds > SECONDS - 2);
  assert.equal(await page.getByTestId('player').getByRole('alert').count(), 0);
  await page.close();
});

test('when the edge of a viewing is killed the picture goes on from the other one, in the same session', async () => {
  const { page, complaints } = await openWatch('?muted');
  await assertPlays(page);
  await page.keyboard.press('s');
  await eventually('the edge is told', async () => (await edgeShown(page)) !== undefined);
  const [edge = '', sessionId] = [await edgeShown(page), await sessionShown(page)];
  await playSlowly(page);
  let pid = await childPid(instance, edge);
  process.kill(pid, 'SIGKILL');
  await loadOtherSize(page);
  await eventually('the other edge is told', async () => {
    // It is started again at once, maybe before anybody has asked it for anything.
    const again = await childPid(instance, edge);
    if (again !== pid) process.kill(again, 'SIGKILL');
    pid = again;
    return (await edgeShown(page)) !== edge;
  });
  await assertPlays(page);
  await page.mouse.move(640, 300);
  await saveScreenshot(page, 'player-edge-killed');
  assert.equal(await sessionShown(page), sessionId);
  assert.deepEqual(complaints, []);
  await page.close();
});

test('a foreign page embeds the player, hears what happens and tells it what to do', async () => {
  const text = await readFile(resolve(import.meta.dirname, '../../docs/embed.md'), 'utf8');
  const [, example = ''] = /^```html\n([\s\S]*?)^```/m.exec(text) ?? [];
  const html = example.replace('http://localhost:8080', instance.url).replace('f5xa5bq4e4xsmp4f', videoId);
  await using foreign = await listening(createServer((_, response) => response.end(`<!doctype html>${html}`)));
  const { page, complaints } = await openPage(browser);
  await page.goto(foreign.url);
  const told = (event: string) =>
    eventually(event, async () => (await page.locator('#told').innerText()).includes(event));
  await told('ready');
  await page.locator('#play').click();
  for (const event of ['play ', 'timeupdate', 'qualitychange']) await told(event);
  await saveScreenshot(page, 'player-embedded');
  await page.evaluate(`ask('seek', { seconds: ${SECONDS - 1} })`);
  await told('ended');
  const inside = page.frames().find((frame) => frame.url().includes('/embed/'))!;
  const isMuted = () => inside.locator('video').evaluate((video) => (video as HTMLVideoElement).muted);
  // A stranger's window is not heard; the page around it is.
  await inside.evaluate("window.postMessage({ target: 'millrace', command: 'mute', muted: false }, '*')");
  await page.evaluate("ask('play')");
  await eventually('it plays again', () =>
    inside.locator('video').evaluate((video) => !(video as HTMLVideoElement).paused),
  );
  assert.equal(await isMuted(), true);
  await page.evaluate("ask('mute', { muted: false })");
  await eventually('it is heard', async () => !(await isMuted()));
  assert.deepEqual(complaints, []);
  await page.close();
});

test('the embed page with all of the player is less than 250 kB on the wire', async () => {
  const { page } = await openPage(browser, 'dark');
  const bytes = await countBytes(page);
  await page.goto(`${instance.url}/embed/${videoId}?muted&autoplay&stats`);
  await assertPlays(page);
  await eventually('segments are counted', async () =>
    /\d+ (hit|miss|coalesced|prefetched)/.test(await page.getByTestId('player-stats').innerText()),
  );
  await saveScreenshot(page, 'player-embed-stats');
  const ofPage = [...bytes()].filter(([url]) => !url.includes('/play/'));
  assert.ok(
    ofPage.some(([url]) => url.includes('attach-hls')),
    JSON.stringify(ofPage),
  );
  const sum = ofPage.reduce((all, [, one]) => all + one, 0);
  assert.ok(sum < 250_000, `${sum} bytes: ${JSON.stringify(ofPage)}`);
  await page.close();
});
