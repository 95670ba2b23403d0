/**
 * Two workers of one core each against one: wall time of the same job, from `job_started` to `job_succeeded` in the
 * orchestrator's log, by turns. A stack of its own is started: PostgreSQL, orchestrator and store as `millrace up` has
 * them, and real workers, each held to one core (`taskset`, Linux).
 *
 *   node bench/speed-up.ts [--rounds 2] [--seconds 120] [--source FILE]
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs, promisify } from 'node:util';
import { freePort } from '../src/lib/listen.ts';
import { eventually } from '../test/support/eventually.ts';
import { Instance } from '../test/support/instance.ts';

const run = promisify(execFile);
const CLI = resolve(import.meta.dirname, '../src/main/cli.ts');
const SECRET = 'the secret of a benchmark';
const JOB_DEADLINE_MS = 60 * 60_000;
const POLL_MS = 500;
/** Linux counts CPU time in hundredths of a second for programs. */
const TICKS_PER_SECOND = 100;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '2' },
    seconds: { type: 'string', default: '120' },
    source: { type: 'string' },
  },
});

const instance = await Instance.start({ MILLRACE_WORKERS: '0', MILLRACE_EDGES: '1', MILLRACE_SECRET: SECRET });
try {
  const source = values.source ?? (await makeSource(Number(values.seconds)));
  let id: string | undefined;
  // Workers are there before the job: its time does not hold their start.
  const askForJob = async (): Promise<void> => {
    if (id === undefined) ({ id } = await instance.upload(source, 'speed-up.mp4'));
    else await processAgain(id);
  };
  console.log('round | cores | wall s | worker CPU s | load before and after');
  const ratios: number[] = [];
  for (let round = 1; round <= Number(values.rounds); round++) {
    const one = await measure(askForJob, round, [0]);
    const two = await measure(askForJob, round, [0, 1]);
    ratios.push(one / two);
    console.log(`round ${round}: speed-up ${(one / two).toFixed(2)}`);
  }
  const sorted = ratios.toSorted((a, b) => a - b);
  console.log(`speed-up: ${sorted.map((ratio) => ratio.toFixed(2)).join(', ')}`);
} finally {
  await instance.stop();
  await rm(instance.data, { recursive: true, force: true });
}
process.exit(0);

/** With detail in every picture, as a camera has it: flat test pictures cost an encoder next to nothing. */
async function makeSource(seconds: number): Promise<string> {
  const path = join(instance.data, 'source.mp4');
  const picture = 'testsrc2=s=1920x1080:r=30,noise=alls=7:allf=t';
  const inputs = ['-f', 'lavfi', '-i', picture, '-f', 'lavfi', '-i', 'sine=440:r=48000', '-t', String(seconds)];
  const codecs = ['-c:v', 'libx264', '-preset', 'ultrafast', '-b:v', '8M', '-c:a', 'aac', '-ac', '2'];
  await run('ffmpeg', ['-nostdin', '-v', 'error', ...inputs, ...codecs, path]);
  return path;
}

/** Runs the whole job with a worker on each of the cores. Returns its wall time in seconds. */
async function measure(askForJob: () => Promise<void>, round: number, cores: readonly number[]): Promise<number> {
  const before = loadavg()[0] ?? 0;
  const workers = await Promise.all(cores.map(startWorker));
  try {
    const done = (await jobTimes()).length;
    await askForJob();
    const { wall, cpuSeconds } = await untilDone(done, workers);
    const cpu = cpuSeconds.map((one) => one.toFixed(1)).join(' + ');
    const load = `${before.toFixed(1)} ${(loadavg()[0] ?? 0).toFixed(1)}`;
    console.log(`${round} | ${cores.length} | ${wall.toFixed(1)} | ${cpu} | ${load}`);
    return wall;
  } finally {
    await Promise.all(workers.map(stopWorker));
  }
}

async function untilDone(done: number, workers: readonly ChildProcess[]) {
  const endMs = performance.now() + JOB_DEADLINE_MS;
  while (performance.now() < endMs) {
    await delay(POLL_MS);
    const cpuSeconds = await Promise.all(workers.map(cpuOf));
    const wall = (await jobTimes())[done];
    if (wall !== undefined) return { wall, cpuSeconds };
  }
  throw new Error(`the job is not done after ${JOB_DEADLINE_MS} ms`);
}

async function processAgain(videoId: string): Promise<void> {
  const response = await fetch(`${instance.url}/videos/${videoId}/process`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"force":true}',
  });
  if (response.status !== 202) throw new Error(`${response.status} ${await response.text()}`);
}

/** Seconds that each finished job took, in order. */
async function jobTimes(): Promise<number[]> {
  const lines = await instance.logs();
  const at = (line: Record<string, unknown>): number => Date.parse(String(line.time)) / 1000;
  const failed = lines.find(({ event }) => event === 'job_failed');
  if (failed) throw new Error(`the job failed: ${JSON.stringify(failed)}`);
  return lines
    .filter(({ event }) => event === 'job_succeeded')
    .flatMap((end) => {
      const start = lines.find(({ event, jobId }) => event === 'job_started' && jobId === end.jobId);
      return start ? [at(end) - at(start)] : [];
    });
}

async function startWorker(core: number): Promise<ChildProcess> {
  const orchestrator = (await instance.logs()).find(
    ({ role, event }) => role === 'orchestrator' && event === 'role_started',
  );
  const port = await freePort();
  const { PATH, HOME } = process.env;
  const env = {
    ...{ PATH, HOME },
    MILLRACE_DATA: instance.data,
    MILLRACE_SECRET: SECRET,
    MILLRACE_ORCHESTRATOR_URL: String(orchestrator?.url),
    MILLRACE_NODE: `worker-on-core-${core}`,
    MILLRACE_PORT: String(port),
  };
  const worker = spawn('taskset', ['-c', String(core), process.execPath, CLI, 'worker'], { env, stdio: 'ignore' });
  const isUp = (): Promise<boolean> =>
    fetch(`http://127.0.0.1:${port}/health`).then(
      (answer) => answer.ok,
      () => false,
    );
  await eventually('a worker is ready', isUp);
  return worker;
}

async function stopWorker(worker: ChildProcess): Promise<void> {
  const gone = once(worker, 'exit');
  worker.kill('SIGTERM');
  await gone;
}

/** Of a worker and of the tools that it ran to their end. */
async function cpuOf({ pid }: ChildProcess): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return [11, 12, 13, 14].reduce((sum, i) => sum + Number(fields[i]), 0) / TICKS_PER_SECOND;
}
