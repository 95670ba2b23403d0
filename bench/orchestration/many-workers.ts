import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { Stack, WORKER_TOKEN } from '../../test/fault/stack.ts';
import { uploadVideo } from '../../test/fault/upload-video.ts';
import { cpuMs, type Figures, figuresOf, peakMib } from './figures.ts';
import { factsOfChunks, LENDERS } from './long-video.ts';
import { Swarm } from './swarm.ts';

export type ManyOptions = {
  readonly workers: number;
  readonly jobs: number;
  readonly chunksPerJob: number;
  readonly workMs: number;
  /** Jobs come one by one over this time; 0, all are there when the workers come. */
  readonly jobsOverMs: number;
};
export type ManyFigures = {
  readonly tasks: number;
  readonly seconds: number;
  /** What a worker that asks waits while there is something to do. */
  readonly claimMs: Figures;
  /** The same without the time in which the workers joined and the jobs were planned. */
  readonly settledClaimMs: Figures;
  /** What a task that may begin waits, by the database's own events. */
  readonly queuedMs: Figures;
  readonly cpuMsPerTask: number;
  readonly peakMib: number;
  /** p99 of how long each process kept its events waiting: part of every time above, and the bench's no fault of ours. */
  readonly loopLagMs: { readonly bench: number; readonly orchestrator: number };
  readonly retries: number;
  readonly errors: number;
};

const DEADLINE_MS = 400_000;
/** As the orchestrator measures its own; an idle process shows this much. */
const LAG_RESOLUTION_MS = 10;
/** A thousand workers do not start in the same millisecond. */
const JOIN_MS = 10_000;
/** After the last one joined, this long until the first answers to it are through. */
const SETTLED_MS = JOIN_MS + 5_000;

/** Many workers that pretend to work, over real HTTP, with one real orchestrator. */
export async function manyWorkers(options: ManyOptions): Promise<ManyFigures> {
  const { workers, jobs, chunksPerJob, workMs, jobsOverMs } = options;
  await using stack = await Stack.start({ ...LENDERS, orchestrators: 1, leaseSeconds: 15 });
  const [orchestrator] = stack.orchestrators;
  const upload = async (): Promise<void> => void (await uploadVideo(stack, 10));
  if (jobsOverMs === 0) for (let i = 0; i < jobs; i++) await upload();
  const facts = factsOfChunks(chunksPerJob);
  const swarm = new Swarm({
    ...{ url: orchestrator!.url, token: WORKER_TOKEN, workers, workMs, facts, joinMs: JOIN_MS },
  });
  await delay(jobsOverMs === 0 ? 0 : JOIN_MS);
  const before = await cpuMs(orchestrator!.pid);
  const startedMs = performance.now();
  if (jobsOverMs > 0)
    for (let i = 0; i < jobs; i++) {
      await upload();
      await delay(jobsOverMs / jobs);
    }
  const lag = monitorEventLoopDelay({ resolution: LAG_RESOLUTION_MS });
  lag.enable();
  const tasks = await allDone(swarm, stack, jobs, startedMs);
  const seconds = (performance.now() - startedMs) / 1000;
  const usedMs = (await cpuMs(orchestrator!.pid)) - before;
  const tookMs = (sinceMs: number): Figures =>
    figuresOf(swarm.claims.filter(({ atMs }) => atMs >= sinceMs).map((claim) => claim.tookMs));
  const figures = {
    ...{ tasks, seconds, queuedMs: figuresOf(await queuedMs(stack)) },
    ...{ claimMs: tookMs(0), settledClaimMs: tookMs(startedMs + SETTLED_MS) },
    loopLagMs: { bench: lag.percentile(99) / 1e6, orchestrator: await loopLagMs(orchestrator!.url) },
    ...{ cpuMsPerTask: usedMs / tasks, peakMib: await peakMib(orchestrator!.pid), errors: swarm.errors.length },
    retries: swarm.retries,
  };
  await swarm.stop();
  for (const error of swarm.errors.slice(0, 3)) console.error(error);
  return figures;
}

async function loopLagMs(url: string): Promise<number> {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  return Number(/^millrace_nodejs_eventloop_lag_p99_seconds(?:\{.*\})? (\S+)$/m.exec(metrics)?.[1]) * 1_000;
}

async function allDone(swarm: Swarm, { db }: Stack, jobs: number, startedMs: number): Promise<number> {
  for (;;) {
    await delay(1_000);
    const planned = await db.selectFrom('tasks').select('id').where('kind', '=', 'publish').execute();
    const encode = await db
      .selectFrom('tasks')
      .select((eb) => eb.fn.countAll<number>().as('all'))
      .where('kind', 'in', ['encode', 'images'])
      .executeTakeFirstOrThrow();
    if (planned.length === jobs && swarm.done >= encode.all) return encode.all;
    if (performance.now() - startedMs > DEADLINE_MS) throw new Error(`${swarm.done} of ${encode.all} were done`);
  }
}

/** From a task's first row to its first grant. */
async function queuedMs({ db }: Stack): Promise<number[]> {
  const rows = await db
    .selectFrom('events as lent')
    .innerJoin('events as added', (join) =>
      join.onRef('added.task_id', '=', 'lent.task_id').on('added.from_state', 'is', null),
    )
    .innerJoin('tasks as t', 't.id', 'lent.task_id')
    .select(['added.at as from', 'lent.at as to'])
    .where('t.kind', '=', 'encode')
    .where('lent.to_state', '=', 'leased')
    .where('lent.attempt', '=', 1)
    .execute();
  return rows.map(({ from, to }) => to.getTime() - from.getTime());
}
