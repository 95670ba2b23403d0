/**
 * The demo: all of Millrace from an empty folder, in one command, with a worker and an edge killed on the way. Tells each
 * step as it happens, writes a report, stops cleanly whatever happens, and ends with 1 where anything is not as it should be.
 *
 *   npm run demo -- [--keep FOLDER] [--out FOLDER] [--docs]
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Instance } from '../../test/support/instance.ts';
import { checkEverything, explainBoth } from './check-all.ts';
import { makeClip } from './clip.ts';
import { adapt, killEdge, type Playing, playToEnd, type Shown } from './play.ts';
import { killWorker, processVideo, uploadAgain } from './process-video.ts';
import { StepFailed, StepRunner } from './run-steps.ts';
import { SETTINGS, startInstance } from './start-instance.ts';
import { stopAll, stopInstance } from './stop-instance.ts';
import { uploadWithBreak } from './upload-with-break.ts';
import { writeReport } from './write-report.ts';

const ROOT = resolve(import.meta.dirname, '../..');

const { values } = parseArgs({
  options: {
    /** Everything stays here; must not exist. */
    keep: { type: 'string' },
    /** Of the report. */
    out: { type: 'string' },
    docs: { type: 'boolean', default: false },
  },
});
const startedMs = Date.now();
const folder = await newFolder();
const runner = new StepRunner({ nowMs: () => Date.now(), say: (text) => console.log(text) });
const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => interrupted.abort(new Error(`ended by ${signal}`)));
const opened = new AsyncDisposableStack();
const instance = await Instance.on(join(folder, 'data'), SETTINGS);
if (values.keep === undefined) opened.defer(() => rm(folder, { recursive: true }));
opened.defer(() => stopInstance(instance));
/** For the report, however far it came. */
const seen: { playing?: Playing; shown?: Shown } = {};
try {
  await demonstrate(interrupted.signal);
} catch (error) {
  // Told already, and it stands in the report.
  if (!(error instanceof StepFailed)) throw error;
} finally {
  await runner
    .run('stop', () => stopAll(opened, { instance, folder }))
    .catch((error: StepFailed) => console.error(error.cause));
}
const steps = runner.results();
const tookSeconds = (Date.now() - startedMs) / 1000;
const written = { steps, startedMs, tookSeconds, shown: seen.shown, lineKind: seen.playing?.lineKind };
const hasPassed = steps.every(({ verdict }) => verdict === 'PASS');
const report = await writeReport(reportFolder(hasPassed), written);
console.log(`\n${hasPassed ? 'PASS' : 'FAIL'} after ${tookSeconds.toFixed(0)} s. The report: ${report}`);
// What an interrupt left half done may still wait for what will not come.
process.exit(hasPassed ? 0 : 1);

async function demonstrate(signal: AbortSignal): Promise<void> {
  const clip = join(folder, 'clip.mp4');
  await runner.run('start', () => startInstance(instance, opened), signal);
  await runner.run('clip', () => makeClip(clip, signal), signal);
  const uploaded = await runner.run('upload', () => uploadWithBreak(instance, clip), signal);
  const { videoId } = uploaded;
  const killed = await runner.run('worker', () => killWorker(instance, uploaded, signal), signal);
  const rungs = await runner.run('process', () => processVideo(instance, uploaded, killed, signal), signal);
  await runner.run('again', () => uploadAgain(instance, clip, videoId), signal);
  const playing = await runner.run('adapt', () => adapt(instance, videoId, { opened, signal }), signal);
  seen.playing = playing;
  await runner.run('edge', () => killEdge(instance, playing, signal), signal);
  seen.shown = await runner.run('shown', () => playToEnd(instance, playing, signal), signal);
  await runner.run('everything', () => checkEverything(instance, { videoId, rungs }, signal), signal);
  await runner.run('explain', () => explainBoth(instance, playing), signal);
}

async function newFolder(): Promise<string> {
  if (values.keep === undefined) return mkdtemp(join(tmpdir(), 'millrace-demo-'));
  const kept = resolve(values.keep);
  await mkdir(kept);
  return kept;
}

/** The documents show no run that failed. */
function reportFolder(hasPassed: boolean): string {
  if (values.docs && hasPassed) return join(ROOT, 'docs');
  return values.out ?? join(ROOT, '.cache/demo', new Date(startedMs).toISOString().slice(0, 19).replaceAll(':', '-'));
}
