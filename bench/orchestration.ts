/**
 * What orchestration costs and how fast it recovers, on a real PostgreSQL, real orchestrators and real HTTP; workers
 * are processes with a fake encoder, or pretend to work in this process.
 *
 *   node bench/orchestration.ts [killed] [frozen] [zombies] [fan] [many] [idle]      all of them without a name
 */
import { loadavg } from 'node:os';
import { fanOutAndIn } from './orchestration/fan.ts';
import { inMs } from './orchestration/figures.ts';
import { type ManyOptions, manyWorkers } from './orchestration/many-workers.ts';
import { type Loss, type Others, recoveryMs } from './orchestration/recovery.ts';
import { zombieCalls } from './orchestration/zombies.ts';

const LOSSES = 21;
const SHORT_LEASE_SECONDS = 2;
const DEFAULT_LEASE_SECONDS = 15;

const PARTS: Readonly<Record<string, () => Promise<void>>> = {
  async killed() {
    await recovery('killed', 'idle', LOSSES, DEFAULT_LEASE_SECONDS);
    await recovery('killed', 'busy', LOSSES, DEFAULT_LEASE_SECONDS);
  },
  async frozen() {
    await recovery('frozen', 'idle', LOSSES, SHORT_LEASE_SECONDS);
    await recovery('frozen', 'busy', LOSSES, SHORT_LEASE_SECONDS);
    await recovery('frozen', 'idle', 9, DEFAULT_LEASE_SECONDS);
  },
  async zombies() {
    const { calls, refused, changedRows } = await zombieCalls(100);
    console.log(`zombie calls: ${refused} of ${calls} refused, ${changedRows} rows changed`);
  },
  async fan() {
    const { tasks, createMs, publishMs, tasksPerSecond, cpuMsPerTask } = await fanOutAndIn(2_000);
    console.log(`fan-out of ${tasks} tasks: ${createMs.toFixed(0)} ms; last one done to publish lent: ${publishMs} ms`);
    console.log(`8 workers: ${tasksPerSecond.toFixed(0)} tasks/s, ${cpuMsPerTask.toFixed(2)} ms of CPU per task`);
  },
  async many() {
    await many('all tasks waiting', { workers: 1_000, jobs: 5, chunksPerJob: 2_000, workMs: 10_000, jobsOverMs: 0 });
  },
  async idle() {
    const some = { workers: 1_000, jobs: 200, chunksPerJob: 10, workMs: 5_000, jobsOverMs: 25_000 };
    await many('workers waiting', some);
  },
};

async function recovery(loss: Loss, others: Others, count: number, leaseSeconds: number): Promise<void> {
  const { free, lent } = await recoveryMs({ loss, others, count, leaseSeconds });
  console.log(`worker ${loss}, lease ${leaseSeconds} s, the others ${others}`);
  console.log(`  to its task being free: ${inMs(free)}`);
  console.log(`  to its task being lent: ${inMs(lent)}`);
}

async function many(name: string, options: ManyOptions): Promise<void> {
  const { tasks, seconds, claimMs, settledClaimMs, queuedMs, cpuMsPerTask, peakMib, loopLagMs, retries, errors } =
    await manyWorkers(options);
  console.log(
    `${options.workers} workers, ${name}: ${tasks} tasks in ${seconds.toFixed(0)} s, ${errors} errors, ${retries} calls repeated`,
  );
  console.log(`  claim answered: ${inMs(claimMs)}`);
  console.log(`  once all have joined: ${inMs(settledClaimMs)}`);
  console.log(`  queued to lent: ${inMs(queuedMs)}`);
  console.log(`  event loop p99: ${loopLagMs.bench.toFixed(0)} ms here, ${loopLagMs.orchestrator.toFixed(0)} ms there`);
  console.log(`  orchestrator: ${cpuMsPerTask.toFixed(2)} ms of CPU per task, ${peakMib.toFixed(0)} MiB at its peak`);
}

const load = (): string =>
  `load ${loadavg()
    .map((value) => value.toFixed(1))
    .join(' ')}`;

for (const name of process.argv.length > 2 ? process.argv.slice(2) : Object.keys(PARTS)) {
  const part = PARTS[name];
  if (!part) throw new Error(`there is no part "${name}", only ${Object.keys(PARTS).join(', ')}`);
  console.log(`── ${name}, ${load()}`);
  await part();
}
