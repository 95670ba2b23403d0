import { setTimeout as delay } from 'node:timers/promises';
import { despiteOutages } from '../../test/fault/despite-outages.ts';
import type { RoleProcess } from '../../test/fault/role-process.ts';
import { Stack } from '../../test/fault/stack.ts';
import { uploadVideo } from '../../test/fault/upload-video.ts';
import { type Figures, figuresOf } from './figures.ts';

const WORKERS = 6;
/** A segment of the fake encoder takes this long, so that a task surely runs when its worker is lost. */
const SEGMENT_MS = 800;
/** Its sound is one task, and shall not be lost in every round. */
const VIDEO_SECONDS = 60;
const SHORT_VIDEO_SECONDS = 12;
const HANDED_ON_DEADLINE_MS = 60_000;
const POLL_MS = 20;

export type Loss = 'killed' | 'frozen';
/** Idle ones can take over at once; busy ones have more tasks waiting than they can hold. */
export type Others = 'idle' | 'busy';
type Handing = { readonly freeMs: number; readonly lentMs: number };
/** From the loss until its task may be lent again, and until it is. */
export type Recovery = { readonly free: Figures; readonly lent: Figures };
type RecoveryOptions = {
  readonly loss: Loss;
  readonly others: Others;
  readonly count: number;
  readonly leaseSeconds: number;
};

/** From the loss of a worker to the moment when its task is lent to another one, by the database's own events. */
export async function recoveryMs({ loss, others, count, leaseSeconds }: RecoveryOptions): Promise<Recovery> {
  const workerSettings = { MILLRACE_TEST_SEGMENT_MS: String(SEGMENT_MS) };
  await using stack = await Stack.start({ encoder: 'fake', workers: WORKERS, leaseSeconds, workerSettings });
  const took: Handing[] = [];
  while (took.length < count) {
    const victims = others === 'busy' ? await amongBusy(stack) : await besideIdle(stack);
    took.push(...(await Promise.all(victims.map((victim) => lose(victim, loss, stack)))).flat());
    await stack.heal();
  }
  const counted = took.slice(0, count);
  return { free: figuresOf(counted.map(({ freeMs }) => freeMs)), lent: figuresOf(counted.map(({ lentMs }) => lentMs)) };
}

/** Several at once, as long as somebody is left to take over; there are more tasks than workers. */
async function amongBusy(stack: Stack): Promise<RoleProcess[]> {
  const open = await stack.db.selectFrom('tasks').select('id').where('state', '=', 'queued').execute();
  if (open.length < WORKERS * 4) for (let i = 0; i < 4; i++) await uploadVideo(stack, VIDEO_SECONDS);
  return stack.workers.slice(0, WORKERS / 2).map((worker) => worker.process);
}

/** Whoever works on the ladder of a short video, all of whose tasks are lent, while other workers have nothing to do. */
async function besideIdle(stack: Stack): Promise<RoleProcess[]> {
  for (;;) {
    const tasks = await stack.db
      .selectFrom('tasks')
      .select(['kind', 'state', 'worker', 'attempt'])
      .where('state', 'in', ['queued', 'leased'])
      .where('kind', '<>', 'publish')
      .execute();
    // A task that loses a worker again and again is poison.
    const ladder = tasks.find(({ kind, attempt }) => kind === 'encode' && attempt === 1);
    if (tasks.length === 0) await uploadVideo(stack, SHORT_VIDEO_SECONDS);
    const isLent = tasks.every(({ state }) => state === 'leased') && tasks.every(({ kind }) => kind !== 'trial');
    const holder = stack.workers.find(({ process }) => process.name === ladder?.worker);
    if (isLent && holder && tasks.length < WORKERS) return [holder.process];
    await delay(POLL_MS);
  }
}

async function lose(victim: RoleProcess, loss: Loss, stack: Stack): Promise<Handing[]> {
  const task = await heldBy(victim.name, stack);
  // Between two tasks: nothing is lost with it.
  if (!task) return [];
  const before = await stack.db
    .selectFrom('events')
    .select('id')
    .where('task_id', '=', task.id)
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirstOrThrow();
  const lostMs = Date.now();
  if (loss === 'killed') await victim.kill();
  else victim.freeze();
  const endMs = lostMs + HANDED_ON_DEADLINE_MS;
  for (;;) {
    const after = await stack.db
      .selectFrom('events')
      .select(['at', 'to_state'])
      .where('task_id', '=', task.id)
      .where('id', '>', before.id)
      .orderBy('id')
      .execute();
    const [first, second] = after;
    // Done means that it was settled just before the loss.
    if (first?.to_state === 'done') return [];
    if (first && second) return [{ freeMs: first.at.getTime() - lostMs, lentMs: second.at.getTime() - lostMs }];
    if (Date.now() > endMs) throw new Error(`nobody took over ${task.id} of ${victim.name}`);
    await delay(POLL_MS);
  }
}

async function heldBy(worker: string, stack: Stack) {
  return despiteOutages(() =>
    stack.db
      .selectFrom('tasks')
      .select(['id', 'attempt'])
      .where('state', '=', 'leased')
      .where('kind', 'in', ['encode', 'audio'])
      .where('worker', '=', worker)
      .executeTakeFirst(),
  );
}
