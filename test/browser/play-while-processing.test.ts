import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { openBrowser, openPage, playing } from '../support/browser.ts';
import { eventually } from '../support/eventually.ts';
import { Instance } from '../support/instance.ts';
import { makeClip } from '../support/media.ts';

/** Players with their own settings, in a real browser, on a video that is still being processed. */
const SECONDS = 40;
const require = createRequire(import.meta.url);
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

/** Different rates make different files: the same bytes twice would be one video. */
const PLAYERS = [
  { player: 'hls.js', script: 'hls.js/dist/hls.min.js', rate: 25 },
  { player: 'shaka-player', script: 'shaka-player/dist/shaka-player.compiled.js', rate: 24 },
];

for (const { player, script, rate } of PLAYERS) {
  test(`${player} plays from the start to the end of a video that is being processed, without a stall`, async () => {
    const clip = join(folder, `${player}.mp4`);
    await makeClip(clip, { seconds: SECONDS, size: '1280x720', rate: String(rate) });
    const { id } = await instance.upload(clip, `${player}.mp4`);
    await eventually('the video is playable', async () => (await instance.video(id)).playback !== null);
    const { page, complaints } = await openPage(browser);
    await page.setContent('<video muted width="320"></video>');
    await page.addScriptTag({ path: require.resolve(script) });
    await page.evaluate(play, { player, url: new URL(`/play/${id}/index.m3u8`, instance.url).href });
    await eventually('it plays', async () => (await watched(page)).firstSeconds !== null);
    assert.equal((await instance.video(id)).state, 'processing');
    await eventually('it has played to its end', async () => (await watched(page)).isEnded);
    const { stalls, firstSeconds } = await watched(page);
    // hls.js seeks past the two frames' time before the first one, and a little more: what lies before is not counted.
    const shown = Math.floor((SECONDS - (firstSeconds ?? 0)) * rate);
    await eventually(`${shown} frames are counted`, async () => (await playing(page)).frames >= shown);
    assert.deepEqual(complaints, []);
    assert.deepEqual(stalls, []);
    assert.ok((firstSeconds ?? SECONDS) < 0.5, `it began at ${firstSeconds} s`);
    assert.equal((await instance.settled(id)).state, 'ready');
    await page.close();
  });
}

/** As far as they are used here. */
type Players = {
  Hls: new () => { loadSource(url: string): void; attachMedia(video: HTMLVideoElement): void };
  shaka: { Player: new () => { attach(video: HTMLVideoElement): Promise<void>; load(url: string): Promise<void> } };
};
type Watched = { firstSeconds: number | null; stalls: number[]; isEnded: boolean };

/** What the page has noted of its playing. */
const watched = (page: Page): Promise<Watched> => page.evaluate(() => (window as unknown as { seen: Watched }).seen);

/** Runs in the page: plays with the player's own settings, and notes where it had to wait. */
async function play({ player, url }: { player: string; url: string }): Promise<void> {
  const video = document.querySelector('video')!;
  const seen: Watched = { firstSeconds: null, stalls: [], isEnded: false };
  const { Hls, shaka } = Object.assign(window as never as Players, { seen });
  video.addEventListener('playing', () => (seen.firstSeconds ??= video.currentTime));
  video.addEventListener('waiting', () => {
    if (seen.firstSeconds !== null) seen.stalls.push(video.currentTime);
  });
  video.addEventListener('ended', () => {
    seen.isEnded = true;
  });
  if (player === 'hls.js') {
    const hls = new Hls();
    hls.loadSource(url);
    hls.attachMedia(video);
  } else {
    const shakaPlayer = new shaka.Player();
    await shakaPlayer.attach(video);
    await shakaPlayer.load(url);
  }
  void video.play();
}
