/**
 * The proof that players adapt: hls.js and shaka-player, as they are, over a line whose bandwidth falls and rises, and the
 * logs held against what was on the screen. Writes docs/abr/ anew; ends with 1 when anything is not as it should be.
 *
 *   npm run prove:abr -- [--line namespace|bucket] [--times 1] [--out docs/abr] [--keep folder]
 */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { CHROMIUM } from '../../test/support/browser.ts';
import { Instance } from '../../test/support/instance.ts';
import type { PlayerName } from '../../test/support/player-pages.ts';
import { closeOnce } from '../support/close-once.ts';
import { openBucketLine } from './bucket-line.ts';
import { type Ladder, readLadder } from './ladder.ts';
import type { Line } from './line.ts';
import { NoNamespaces, openNamespaceLine } from './namespace-line.ts';
import { type Proof, proofOf, summaryOf } from './proof.ts';
import { SCHEDULE, VIDEO_SECONDS } from './schedule.ts';
import { makeSource } from './source.ts';
import { watch } from './watch.ts';
import { writeReport } from './write-report.ts';

const PROVEN: readonly PlayerName[] = ['hls.js', 'shaka-player'];
const LEAST_RUNGS = 4;
/** Beyond the length of the video: what starts late and stalls now and then still ends within it. */
const MORE_MS = 120_000;
/** A ladder over two minutes and a half takes one or two minutes on two free cores. */
const MAKE_DEADLINE_MS = 15 * 60_000;

const { values } = parseArgs({
  options: {
    line: { type: 'string', default: 'namespace' },
    times: { type: 'string', default: '1' },
    out: { type: 'string', default: resolve(import.meta.dirname, '../../docs/abr') },
    /** The video stays here, and is played again by a later run. */
    keep: { type: 'string' },
  },
});
if (values.line !== 'namespace' && values.line !== 'bucket') throw new Error('--line is namespace or bucket');
const folder = values.keep ?? (await mkdtemp(join(tmpdir(), 'millrace-abr-')));
const opened = new AsyncDisposableStack();
const close = closeOnce(opened);
try {
  await prove();
} catch (error) {
  if (!(error instanceof NoNamespaces)) throw error;
  console.error(
    `Nothing is proven: this machine gives no network namespace (${error.message}: ${error.cause}). It takes Linux, root and \
iproute2; --line bucket shapes the line by a token bucket instead.`,
  );
  process.exitCode = 1;
} finally {
  await close();
  if (values.keep === undefined) await rm(folder, { recursive: true });
}

async function prove(): Promise<void> {
  const settings = { MILLRACE_EDGES: '1', MILLRACE_STORE: `file:${join(folder, 'objects')}` };
  const instance = opened.use(await Instance.start(settings));
  const lines: Line[] = [];
  for (const number of PROVEN.keys())
    lines.push(opened.use(await openLine(instance.url.replace('localhost', '127.0.0.1'), number)));
  const videoId = await makeVideo(instance);
  const ladder = await readLadder(instance.url, videoId);
  console.log(`${ladder.variants.map(({ rendition, averageBps }) => `${rendition} ${averageBps}`).join(', ')} bit/s`);
  if (ladder.variants.length < LEAST_RUNGS) throw new Error(`the ladder has fewer than ${LEAST_RUNGS} rungs`);
  const runs: Proof[][] = [];
  await mkdir(values.out, { recursive: true });
  for (let run = 0; run < Number(values.times); run++) {
    runs.push(await playAll(instance, { videoId, ladder, lines }));
    await writeReport(values.out, { runs, ladder, schedule: SCHEDULE, lineKind: lines[0]?.kind ?? '' });
  }
}

function openLine(targetUrl: string, number: number): Promise<Line> {
  if (values.line === 'bucket') return openBucketLine(targetUrl);
  return openNamespaceLine({ targetUrl, number, browserPath: CHROMIUM, pid: process.pid });
}

/** Playback needs nothing but the objects, so that another instance can play what an earlier one made. */
async function makeVideo(instance: Instance): Promise<string> {
  const note = join(folder, 'video-id');
  if (existsSync(note)) return readFile(note, 'utf8');
  const source = await makeSource(folder, VIDEO_SECONDS);
  const { id } = await instance.upload(source, 'Flight.mp4');
  const { state, error } = await instance.settled(id, MAKE_DEADLINE_MS);
  if (state !== 'ready') throw new Error(`the video is ${state}: ${JSON.stringify(error)}`);
  await writeFile(note, id);
  return id;
}

type Playing = { readonly videoId: string; readonly ladder: Ladder; readonly lines: readonly Line[] };

/** The players at the same time, each with a browser and a line of its own. */
async function playAll(instance: Instance, { videoId, ladder, lines }: Playing): Promise<Proof[]> {
  const deadlineMs = VIDEO_SECONDS * 1000 + MORE_MS;
  const viewings = await Promise.all(
    lines.map((line, i) => watch({ player: PROVEN[i] ?? 'hls.js', videoId, line, schedule: SCHEDULE, deadlineMs })),
  );
  const logged = await instance.logs();
  const proofs = viewings.map((viewing) => proofOf({ viewing, videoId, ladder, lines: logged }));
  for (const proof of proofs) {
    console.log(summaryOf(proof));
    for (const complaint of proof.verdict.complaints) console.log(`  ${complaint}`);
    if (proof.verdict.complaints.length > 0) process.exitCode = 1;
  }
  return proofs;
}
