import { sql } from 'kysely';
import type { LentTask } from '../../src/domain/tasks.ts';
import { decide, holderOf, type JobWorld, resultOf } from './job-world.ts';

/** More than any job here needs; a loop that finds no end is the fault that is looked for. */
const MAX_ROUNDS = 30;

/**
 * Orchestrators and workers that do all that there is to do, each of them now one and now the other, until nothing is
 * left. Leases of the past end at once: whoever held them is not among these workers.
 */
export async function finishEverything(world: JobWorld, seconds = 8): Promise<void> {
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const records = round % 2 ? world.one : world.other;
    const repairs = await records.reconcile();
    await sql`update tasks set lease_until = clock_timestamp() where state = 'leased'`.execute(world.db);
    const taken = await records.takeFromSilent(0, decide);
    await sql`update tasks set not_before = clock_timestamp(), shun_until = null where state = 'queued'`.execute(
      world.db,
    );
    const started = await records.startQueuedJobs(100);
    const worked = (await work(world, seconds)) + (await publish(world));
    if (repairs.length + taken.length + started.length + worked === 0) return;
  }
  throw new Error(`there was something to do after ${MAX_ROUNDS} rounds`);
}

async function work(world: JobWorld, seconds: number): Promise<number> {
  let tasks = 0;
  for (;;) {
    const lent = await world.one.lend('work', [holderOf(`worker-${tasks % 3}`)]);
    const [task] = lent;
    if (!task) return tasks;
    tasks += 1;
    if (task.spec.kind === 'probe') await world.planFrom(task, seconds);
    else await world.other.complete(task, resultOf(task));
  }
}

async function publish(world: JobWorld): Promise<number> {
  let tasks = 0;
  for (let task = await next(world); task; task = await next(world)) {
    const { plan } = await world.one.finishedWork(task.jobId);
    const names = plan.rungs.map((rung) => rung.rendition);
    await world.one.completePublish(task, names.map(rendition));
    tasks += 1;
  }
  return tasks;
}

const next = async (world: JobWorld): Promise<LentTask | undefined> => world.tryLend('orchestrator', 'publish');

const rendition = (name: string) => ({
  name,
  kind: 'video' as const,
  codec: 'avc1.64001e',
  widthPx: 640,
  heightPx: 360,
  frameRate: 25,
  bandwidthBps: 900_000,
  averageBandwidthBps: 700_000,
});
