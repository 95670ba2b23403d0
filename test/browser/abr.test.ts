import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, type TestContext, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { openBucketLine } from '../../prove/abr/bucket-line.ts';
import { isDown } from '../../prove/abr/judge.ts';
import { type Ladder, readLadder } from '../../prove/abr/ladder.ts';
import { logStoryOf } from '../../prove/abr/log-story.ts';
import { proofOf, summaryOf } from '../../prove/abr/proof.ts';
import type { Seen } from '../../prove/abr/seen.ts';
import { openViewing } from '../../prove/abr/viewing.ts';
import { openPlaybackRouter } from '../../src/route/playback-router.ts';
import { createRouterServer } from '../../src/route/server.ts';
import { createEdgeServer } from '../../src/serve/server.ts';
import { capturedLog } from '../fakes/captured-log.ts';
import { listening } from '../fakes/listening.ts';
import { MemoryObjectStore } from '../fakes/memory-object-store.ts';
import { SECRET, VIDEO } from '../fakes/playable-video.ts';
import { openBrowser } from '../support/browser.ts';
import { eventually } from '../support/eventually.ts';
import { publishMovingVideo, SEGMENT_SECONDS } from '../support/moving-video.ts';
import { PLAYERS, type PlayerName, playerState } from '../support/player-pages.ts';

/**
 * The short form of `npm run prove:abr`: a small ladder, a token bucket in place of the kernel, and a line that falls and
 * rises when the player has done what it should, and not at times that a busy machine could miss.
 */
const PROVEN: readonly PlayerName[] = ['hls.js', 'shaka-player'];
const RUNGS = [
  { widthPx: 192, heightPx: 108, bitrateBps: 300_000 },
  { widthPx: 256, heightPx: 144, bitrateBps: 500_000 },
  { widthPx: 320, heightPx: 180, bitrateBps: 800_000 },
  { widthPx: 384, heightPx: 216, bitrateBps: 1_300_000 },
];
/** Twice what is needed: a video that ends too early fails the test. */
const VIDEO_SECONDS = 60;
/** Enough for the top rung, with what players keep in hand; then for the second one. */
const PLENTY_BPS = 5_000_000;
const LITTLE_BPS = 750_000;
/** shaka-player has its ten seconds in hand by then, or nearly. */
const FALLS_AT_SECONDS = 5;

const { log, lines } = capturedLog();
const opened = new AsyncDisposableStack();
let browser: Browser;
let url: string;
let ladder: Ladder;
before(async () => {
  const store = new MemoryObjectStore();
  await publishMovingVideo(store, VIDEO, VIDEO_SECONDS, RUNGS);
  const own = { log, clock: { nowMs: () => Date.now() }, secret: SECRET };
  const edgeServer = createEdgeServer({ ...own, store, edge: 'edge-1', version: '0', cacheBytes: 50_000_000 });
  const edge = opened.use(await listening(edgeServer));
  const router = openPlaybackRouter({ ...own, random: randomBytes, edges: () => [{ name: 'edge-1', url: edge.url }] });
  opened.defer(() => router.close());
  ({ url } = opened.use(await listening(createRouterServer({ router, log, version: '0', uptimeSeconds: () => 0 }))));
  ladder = await readLadder(url, VIDEO);
  browser = opened.use(await openBrowser());
});
after(() => opened.disposeAsync());

const TITLE = 'players go down and up with their lines without a stall, and the log says which picture when';

test(TITLE, { concurrency: PROVEN.length }, async (all) => {
  await Promise.all(PROVEN.map((player) => all.test(player, (context) => followsItsLine(player, context))));
});

async function followsItsLine(player: PlayerName, context: TestContext): Promise<void> {
  await using line = await openBucketLine(url);
  const viewing = await openViewing(browser, { player, videoId: VIDEO, line }, PLENTY_BPS);
  const { page } = viewing;
  await eventually(`${player} plays`, async () => (await playerState(page)).seconds > FALLS_AT_SECONDS);
  const downsBefore = downsOf(player);
  await viewing.give(LITTLE_BPS);
  await eventually(`${player} asks for less`, () => downsOf(player) > downsBefore);
  await viewing.give(PLENTY_BPS);
  await untilUpAgain(page);
  const proof = proofOf({ viewing: await viewing.noted(), videoId: VIDEO, ladder, lines });
  await page.close();
  const { switches } = proof.story;
  context.diagnostic(`${summaryOf(proof)}: ${switches.map(({ to, segment }) => `${to} from ${segment}`).join(', ')}`);
  assert.deepEqual(proof.verdict.complaints, []);
}

const downsOf = (player: PlayerName): number =>
  logStoryOf(lines, { videoId: VIDEO, file: PLAYERS[player].file }).switches.filter(isDown).length;

const SHOWN_DEADLINE_MS = 60_000;

/** Stands still then, in the middle of a segment, so that nobody has to guess which changes were shown by now. */
async function untilUpAgain(page: Page): Promise<void> {
  const leave = (segmentSeconds: number): boolean => {
    const { seen } = window as unknown as { seen: Seen };
    const heights = seen.frames.map(({ heightPx }) => heightPx);
    const down = heights.findIndex((height, i) => height < (heights[i - 1] ?? 0));
    const isUpAgain = down > 0 && heights.some((height, i) => i > down && height > (heights[i - 1] ?? height));
    const video = document.querySelector('video');
    const intoSegment = ((video?.currentTime ?? 0) % segmentSeconds) / segmentSeconds;
    if (!video || !isUpAgain || intoSegment < 0.3 || intoSegment > 0.7) return false;
    video.pause();
    return true;
  };
  await page.waitForFunction(leave, SEGMENT_SECONDS, { polling: 100, timeout: SHOWN_DEADLINE_MS });
}
