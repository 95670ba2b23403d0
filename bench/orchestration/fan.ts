import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { createHttpTaskLender } from '../../src/adapters/http-task-lender.ts';
import { Stack, WORKER_TOKEN } from '../../test/fault/stack.ts';
import { uploadVideo } from '../../test/fault/upload-video.ts';
import { cpuMs } from './figures.ts';
import { factsOfChunks, LENDERS, resultOf } from './long-video.ts';
import { Swarm } from './swarm.ts';

const WORKERS = 8;
const DEADLINE_MS = 120_000;

export type FanFigures = {
  readonly tasks: number;
  readonly createMs: number;
  readonly publishMs: number;
  readonly tasksPerSecond: number;
  readonly cpuMsPerTask: number;
};

/** One job of so many chunks: the time to create them, to do nothing for each with 8 workers, and to begin to publish. */
export async function fanOutAndIn(chunks: number): Promise<FanFigures> {
  await using stack = await Stack.start({ ...LENDERS, orchestrators: 1, leaseSeconds: 15 });
  const [orchestrator] = stack.orchestrators;
  const url = orchestrator!.url;
  await uploadVideo(stack, 10);
  const facts = factsOfChunks(chunks);
  const createMs = await probe(url, () => resultOf({ kind: 'probe' } as never, facts));
  const planned = await stack.db.selectFrom('tasks').select('id').where('kind', 'in', ['encode', 'images']).execute();
  const tasks = planned.length;
  const before = await cpuMs(orchestrator!.pid);
  const startedMs = performance.now();
  const swarm = new Swarm({ url, token: WORKER_TOKEN, workers: WORKERS, workMs: 0, facts, joinMs: 0 });
  while (swarm.done < tasks) {
    if (performance.now() - startedMs > DEADLINE_MS) throw new Error(`only ${swarm.done} of ${tasks} tasks were done`);
    await delay(5);
  }
  const seconds = (performance.now() - startedMs) / 1000;
  const usedMs = (await cpuMs(orchestrator!.pid)) - before;
  const publishMs = await publishLent(stack);
  await swarm.stop();
  for (const error of swarm.errors) console.error(error);
  return { tasks, createMs, publishMs, tasksPerSecond: tasks / seconds, cpuMsPerTask: usedMs / tasks };
}

/** From the call that brings the facts to its answer: the plan and all its tasks are committed then. */
async function probe(url: string, result: () => ReturnType<typeof resultOf>): Promise<number> {
  const lender = createHttpTaskLender({ urls: [url], token: WORKER_TOKEN });
  const signal = AbortSignal.timeout(DEADLINE_MS);
  const worker = { worker: 'bench-probe', session: randomUUID(), version: '0', cores: 1, memoryMib: 4_096 };
  for (;;) {
    const task = await lender.claim({ ...worker, encoders: ['libx264', 'aac'] }, signal);
    if (!task) continue;
    const askedMs = performance.now();
    await lender.complete(task, result(), signal);
    return performance.now() - askedMs;
  }
}

/** From the last chunk's end to the grant of publish. */
async function publishLent(stack: Stack): Promise<number> {
  const endMs = performance.now() + DEADLINE_MS;
  for (;;) {
    const rows = await stack.db
      .selectFrom('events as e')
      .innerJoin('tasks as t', 't.id', 'e.task_id')
      .select(['e.at', 't.kind'])
      .where((eb) =>
        eb.or([
          eb.and([eb('t.kind', '=', 'encode'), eb('e.to_state', '=', 'done')]),
          eb.and([eb('t.kind', '=', 'publish'), eb('e.to_state', '=', 'leased')]),
        ]),
      )
      .orderBy('e.id')
      .execute();
    const lent = rows.find(({ kind }) => kind === 'publish');
    const last = rows.findLast(({ kind }) => kind === 'encode');
    if (lent && last) return lent.at.getTime() - last.at.getTime();
    if (performance.now() > endMs) throw new Error('publish was not lent');
    await delay(20);
  }
}
