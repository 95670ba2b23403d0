import { randomUUID } from 'node:crypto';
import { createHttpTaskLender } from '../../src/adapters/http-task-lender.ts';
import { DomainError } from '../../src/domain/errors.ts';
import type { TaskLender, WorkerInfo } from '../../src/domain/ports.ts';
import type { LentTask } from '../../src/domain/tasks.ts';
import { Stack, WORKER_TOKEN } from '../../test/fault/stack.ts';
import { uploadVideo } from '../../test/fault/upload-video.ts';
import { factsOfChunks, LENDERS, resultOf } from './long-video.ts';

const DEADLINE_MS = 120_000;
const LEASE_SECONDS = 10;
/** Often enough to keep what it holds. */
const HEIR_RENEWS_EVERY = 5;

/**
 * Each task is lent to one worker that falls silent, and then to another. What the first one says afterwards (renew,
 * complete, fail, give back) is refused, or counted as accepted.
 */
export async function zombieCalls(tasks: number): Promise<{ calls: number; refused: number; changedRows: number }> {
  await using stack = await Stack.start({ ...LENDERS, orchestrators: 2, leaseSeconds: LEASE_SECONDS });
  const facts = factsOfChunks(tasks);
  const [one, other] = stack.orchestrators.map(({ url }) => createHttpTaskLender({ urls: [url], token: WORKER_TOKEN }));
  await uploadVideo(stack, 10);
  const probe = await claimed(one!, 'zombie');
  await one!.complete(probe, resultOf(probe.spec, facts), deadline());
  const claimable = await stack.db.selectFrom('tasks').select('id').where('state', '=', 'queued').execute();
  const count = claimable.length - 1; // but publish
  const first = await claimAll(one!, 'zombie', count);
  // Nobody renews: all leases end, and the tasks are lent to the other worker.
  const heir = await claimAll(other!, 'heir', count);
  const rowsBefore = await rowsOf(stack);
  let refused = 0;
  const calls = [
    (task: LentTask) => one!.renew(task, deadline()),
    (task: LentTask) => other!.complete(task, resultOf(task.spec, facts), deadline()),
    (task: LentTask) => one!.fail(task, { code: 'ffmpeg_failed', message: 'late', cause: 'attempt' }, deadline()),
    (task: LentTask) => other!.giveBack(task, deadline()),
  ];
  for (const [i, task] of first.entries()) {
    if (i % HEIR_RENEWS_EVERY === 0) await Promise.all(heir.map((held) => other!.renew(held, deadline())));
    for (const call of calls) if (await isRefused(() => call(task))) refused += 1;
  }
  const rowsAfter = await rowsOf(stack);
  const changedRows = rowsAfter.filter((row, i) => row !== rowsBefore[i]).length;
  return { calls: first.length * calls.length, refused, changedRows };
}

const deadline = (): AbortSignal => AbortSignal.timeout(DEADLINE_MS);

async function claimAll(lender: TaskLender, name: string, count: number): Promise<LentTask[]> {
  const tasks: LentTask[] = [];
  while (tasks.length < count) tasks.push(await claimed(lender, name));
  return tasks;
}

async function claimed(lender: TaskLender, name: string): Promise<LentTask> {
  const worker: WorkerInfo = {
    ...{ worker: name, session: randomUUID(), version: '0', cores: 1, memoryMib: 4_096 },
    encoders: ['libx264', 'aac'],
  };
  for (const until = deadline(); !until.aborted; ) {
    const task = await lender.claim(worker, until);
    if (task) return task;
  }
  throw new Error(`${name} got no task`);
}

async function isRefused(call: () => Promise<void>): Promise<boolean> {
  try {
    await call();
    return false;
  } catch (error) {
    if (error instanceof DomainError && error.code === 'lease_lost') return true;
    throw error;
  }
}

/** What a zombie might have changed. */
async function rowsOf({ db }: Stack): Promise<string[]> {
  const rows = await db
    .selectFrom('tasks')
    .select(['id', 'attempt', 'worker', 'error_code', 'result'])
    .orderBy('id')
    .execute();
  return rows.map((row) => JSON.stringify(row));
}
