import type { Browser } from 'playwright-core';
import type { Explanation } from '../../src/main/explain/explain-logs.ts';
import type { SessionStory } from '../../src/main/explain/session-entry.ts';
import { CHROMIUM, openBrowser } from '../../test/support/browser.ts';
import type { Instance } from '../../test/support/instance.ts';
import { PLAYERS, playerState } from '../../test/support/player-pages.ts';
import { childPid } from '../../test/support/processes.ts';
import { openBucketLine } from '../abr/bucket-line.ts';
import { judge, leastBufferSeconds } from '../abr/judge.ts';
import { type Ladder, readLadder } from '../abr/ladder.ts';
import type { Line } from '../abr/line.ts';
import { logStoryOf } from '../abr/log-story.ts';
import { NoNamespaces, openNamespaceLine } from '../abr/namespace-line.ts';
import type { Proof } from '../abr/proof.ts';
import { type OpenViewing, openViewing } from '../abr/viewing.ts';
import { CLIP_SECONDS, FRAMES_PER_SECOND } from './clip.ts';
import type { Outcome } from './steps.ts';
import { byTime, downThenUp, movedFrom, servingEdge } from './stories.ts';
import { until } from './until.ts';

const PLAYER = 'hls.js';
/** Twice what the best rung takes; then a little more than the lowest one does. */
const PLENTY_BPS = 4_000_000;
const LITTLE_BPS = 450_000;
/** So much has been shown before the line falls; then it stays low for a while, as lines do. */
const SETTLED_SECONDS = 8;
const LOW_MS = 12_000;
const CHANGE_DEADLINE_MS = 60_000;
const END_DEADLINE_MS = CLIP_SECONDS * 1000 + 60_000;
/** Decoded, of those that there are: a browser on a busy machine leaves some out. */
const LEAST_FRAMES = 0.8;

export type Playing = {
  readonly viewing: OpenViewing;
  readonly browser: Browser;
  readonly videoId: string;
  readonly sessionId: string;
  readonly ladder: Ladder;
  readonly lineKind: string;
};
type Stage = { readonly opened: AsyncDisposableStack; readonly signal: AbortSignal };

/** Begins to play; the line falls once the best rung is reached, and rises once the player has gone down. */
export async function adapt(instance: Instance, videoId: string, stage: Stage): Promise<Outcome<Playing>> {
  const { opened, signal } = stage;
  const line = opened.use(await openLine(instance.url.replace('localhost', '127.0.0.1')));
  const ladder = await readLadder(instance.url, videoId);
  const browser = opened.use(await openBrowser(line.browserPath, 'caller'));
  const viewing = await openViewing(browser, { player: PLAYER, videoId, line }, PLENTY_BPS);
  await line.preferBrowser?.();
  const patience = { deadlineMs: CHANGE_DEADLINE_MS, signal };
  const story = async () => logStoryOf(byTime(await instance.logs()), { videoId, file: PLAYERS[PLAYER].file });
  const best = ladder.variants.at(-1)?.rendition ?? '';
  const isSettled = async () => {
    const { switches } = await story();
    const { seconds } = await playerState(viewing.page);
    return (seconds > SETTLED_SECONDS && switches.some(({ to }) => to === best)) || undefined;
  };
  await until(`the player plays ${best}`, isSettled, patience);
  await viewing.give(LITTLE_BPS);
  const fellMs = Date.now();
  const hasGoneDown = async () => {
    const { down } = downThenUp((await story()).switches, best);
    return Date.now() - fellMs < LOW_MS ? undefined : down;
  };
  const down = await until('the player goes down', hasGoneDown, patience);
  await viewing.give(PLENTY_BPS);
  const up = await until('the player goes up', async () => downThenUp((await story()).switches, best).up, patience);
  const { sessionId, switchLines } = await story();
  return {
    seen: `${line.kind}: at ${mbps(PLENTY_BPS)} the player went up to ${best}; at ${mbps(LITTLE_BPS)} down, first from ${down.from} to ${down.to} at segment ${down.segment}; at ${mbps(PLENTY_BPS)} up again, first from ${up.from} to ${up.to} at segment ${up.segment}`,
    lines: switchLines,
    gives: { viewing, browser, videoId, sessionId, ladder, lineKind: line.kind },
  };
}

/** Shaped by the kernel where this process may make a network of its own, or else by a relay. */
async function openLine(targetUrl: string): Promise<Line> {
  const options = { targetUrl, number: 0, browserPath: CHROMIUM, pid: process.pid };
  return openNamespaceLine(options).catch((cause) => {
    if (cause instanceof NoNamespaces) return openBucketLine(targetUrl);
    throw cause;
  });
}

/** SIGKILL to the edge that serves the session, until another one does. */
export async function killEdge(
  instance: Instance,
  { viewing, sessionId }: Playing,
  signal: AbortSignal,
): Promise<Outcome<undefined>> {
  const logs = async () => byTime(await instance.logs());
  const edge = servingEdge(await logs(), sessionId);
  if (edge === undefined) throw new Error(`no edge serves session ${sessionId}`);
  const pid = await childPid(instance, edge);
  const { seconds } = await playerState(viewing.page);
  const killedMs = Date.now();
  process.kill(pid, 'SIGKILL');
  const isMoved = async () => movedFrom(await logs(), { sessionId, edge, killedMs });
  const moved = await until('another edge serves the session', isMoved, { deadlineMs: CHANGE_DEADLINE_MS, signal });
  return {
    seen: `${edge} killed at second ${seconds.toFixed(1)} of the video; ${moved.movedMs} ms later the session was with ${moved.to} (${moved.reason}), which served it from then on`,
    lines: moved.lines,
    gives: undefined,
  };
}

export type Shown = { readonly proof: Proof; readonly ladder: Ladder; readonly browser: string };

/** To the end of the video; then frames against logs, and the longest stall. */
export async function playToEnd(instance: Instance, playing: Playing, signal: AbortSignal): Promise<Outcome<Shown>> {
  const { viewing, browser, videoId, sessionId, ladder } = playing;
  const hasEnded = async () => (await playerState(viewing.page)).ended || undefined;
  await until('the video ends', hasEnded, { deadlineMs: END_DEADLINE_MS, signal });
  const noted = await viewing.noted();
  const { seen, state } = noted;
  const story = logStoryOf(byTime(await instance.logs()), { videoId, file: PLAYERS[PLAYER].file });
  // Also such a switch as came together with the move, which no edge could tell of.
  const switches = (await explained(instance, sessionId)).entries.filter((entry) => entry.is === 'switched');
  const frameSeconds = 1 / FRAMES_PER_SECOND;
  const verdict = judge({
    switches,
    starts: ladder.starts,
    frameSeconds,
    seen,
    longestStallMs: state.longestStallMs,
  });
  const apart = Math.max(0, ...verdict.pairs.map(({ apartSeconds }) => apartSeconds));
  const frames = CLIP_SECONDS * FRAMES_PER_SECOND;
  const tooFew = state.frames < LEAST_FRAMES * frames ? [`only ${state.frames} of ${frames} frames were decoded`] : [];
  return {
    seen: `${state.frames} frames decoded; longest stall of the picture ${Math.round(state.longestStallMs)} ms, never less than ${leastBufferSeconds(seen).toFixed(1)} s loaded; the picture changed ${verdict.downs} times down and ${verdict.ups} up, at most ${apart.toFixed(3)} s from where the logs say`,
    wrong: [...verdict.complaints, ...tooFew],
    gives: { proof: { viewing: noted, story, verdict }, ladder, browser: browser.version() },
  };
}

async function explained(instance: Instance, sessionId: string): Promise<SessionStory> {
  const { story } = JSON.parse(await instance.command('explain', sessionId, '--json')) as Explanation;
  if (story?.about !== 'session') throw new Error(`the logs tell nothing of session ${sessionId}`);
  return story;
}

const mbps = (bitsPerSecond: number): string => `${bitsPerSecond / 1e6} Mbit/s`;
