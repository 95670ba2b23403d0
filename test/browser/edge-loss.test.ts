import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { openPlaybackRouter } from '../../src/route/playback-router.ts';
import { capturedLog } from '../fakes/captured-log.ts';
import { listening } from '../fakes/listening.ts';
import { SECRET, VIDEO } from '../fakes/playable-video.ts';
import { openBrowser, openPage } from '../support/browser.ts';
import { type EdgeFleet, startFleet } from '../support/edge-fleet.ts';
import { eventually } from '../support/eventually.ts';
import { publishMovingVideo } from '../support/moving-video.ts';
import { PLAYERS, type PlayerName, playerPage, playerState } from '../support/player-pages.ts';

/** Players at their default settings, while the edge that serves them is lost: does the picture ever stand? */
const VIDEO_SECONDS = 14;
/** Twice what the video needs: a player has some three seconds in hand when its edge goes, and is in mid-segment. */
const BYTES_PER_SECOND = 200_000;
/** Sampled every 50 ms on a machine with other work to do; a player that runs dry stalls for a second and more. */
const MOST_STALL_MS = 300;

let fleet: EdgeFleet;
let site: AsyncDisposable & { url: string };
let browser: Browser;
before(async () => {
  fleet = await startFleet({
    edges: 3,
    publish: (store) => publishMovingVideo(store, VIDEO, VIDEO_SECONDS),
    bytesPerSecond: BYTES_PER_SECOND,
  });
  const pages = createServer((request, response) => {
    if (fleet.router.handle(request, response)) return;
    const name = decodeURIComponent(request.url?.slice(1) ?? '');
    response.setHeader('content-type', 'text/html');
    response.end(name in PLAYERS ? playerPage(name as PlayerName, VIDEO) : '');
  });
  site = await listening(pages);
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  await site?.[Symbol.asyncDispose]();
  await fleet?.[Symbol.asyncDispose]();
});

/** A router of its own before the same edges, that tells players their addresses. */
async function steeringSite() {
  const { log, lines } = capturedLog();
  const edges = fleet.edges.map(({ name }) => ({ name, url: fleet.line(name).url }));
  const router = openPlaybackRouter({
    log,
    clock: { nowMs: () => Date.now() },
    random: randomBytes,
    secret: SECRET,
    edges: () => edges,
    publicUrls: new Map(edges.map(({ name, url }) => [name, url])),
  });
  const pages = createServer((request, response) => {
    if (router.handle(request, response)) return;
    response.setHeader('content-type', 'text/html');
    response.end(request.url === '/' ? playerPage('hls.js', VIDEO) : '');
  });
  const front = await listening(pages);
  const close = async (): Promise<void> => {
    await front[Symbol.asyncDispose]();
    router.close();
  };
  return { url: front.url, lines, [Symbol.asyncDispose]: close };
}

/** Where the page has loaded segments from, in order. */
const segmentOrigins = (page: Page): Promise<string[]> =>
  page.evaluate(() =>
    performance
      .getEntriesByType('resource')
      .flatMap(({ name }) => (name.endsWith('.m4s') ? [new URL(name).origin] : [])),
  );

test('hls.js plays from an edge directly, and when that is killed goes on over another pathway', async (context) => {
  await fleet.allHealthy();
  await using direct = await steeringSite();
  const { page } = await openPage(browser);
  await page.goto(direct.url);
  await eventually('it plays', async () => (await playerState(page)).seconds > 3);
  const [first = ''] = await segmentOrigins(page);
  const edge = fleet.edges.find(({ name }) => fleet.line(name).url === first);
  assert.ok(edge, `the first segment came from ${first}`);
  fleet.line(edge.name).lose();
  await edge.kill();
  await eventually('it has played to the end', async () => (await playerState(page)).ended);
  const state = await playerState(page);
  const origins = await segmentOrigins(page);
  await page.close();
  await edge.up();
  context.diagnostic(`longest stall ${Math.round(state.longestStallMs)} ms, segments from ${origins.join(' ')}`);
  assert.ok(state.frames >= VIDEO_SECONDS * 20, `${state.frames} frames`);
  assert.notEqual(origins.at(-1), first);
  assert.equal(direct.lines.filter(({ event }) => event === 'session_started').length, 1, 'the session went on');
});

const moves = () => fleet.lines.filter(({ event }) => event === 'session_reassigned');
/** The edge of the session that played last. */
const servingNow = (): string => String(fleet.lines.findLast(({ event }) => event === 'playback_proxied')?.edge);

for (const name of Object.keys(PLAYERS) as PlayerName[]) {
  for (const loss of ['killed', 'silent'] as const) {
    test(`${name} plays to the end without a stand when its edge is ${loss}`, async (context) => {
      await fleet.allHealthy();
      const before = moves().length;
      const { page } = await openPage(browser);
      await page.goto(`${site.url}/${encodeURIComponent(name)}`);
      await eventually('it plays', async () => (await playerState(page)).seconds > 3);
      const edge = fleet.edge(servingNow());
      if (loss === 'killed') {
        fleet.line(edge.name).lose();
        await edge.kill();
      } else {
        fleet.line(edge.name).fallSilent();
        edge.freeze();
      }
      await eventually('it has played to the end', async () => (await playerState(page)).ended);
      const state = await playerState(page);
      await page.close();
      fleet.line(edge.name).speak();
      edge.thaw();
      await edge.up();
      context.diagnostic(`longest stall ${Math.round(state.longestStallMs)} ms, ${state.frames} frames`);
      assert.ok(moves().length > before, 'the session never moved');
      assert.ok(state.frames >= VIDEO_SECONDS * 20, `${state.frames} frames`);
      assert.ok(state.longestStallMs <= MOST_STALL_MS, JSON.stringify(state));
    });
  }
}
