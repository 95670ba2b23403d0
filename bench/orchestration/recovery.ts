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
const HANDED_ON_DEADLINE_MS = 60_000;
const POLL_MS = 20;

export type Loss = 'killed' | 'frozen';

/** From the loss of a worker to the moment when its task is lent to another one, by the database's own events. */
export async function recoveryMs(loss: Loss, count: number, leaseSeconds: number): Promise<Figures> {
  const workerSettings = { MILLRACE_TEST_SEGMENT_MS: String(SEGMENT_MS) };
  await using stack = await Stack.start({ encoder: 'fake', workers: WORKERS, leaseSeconds, workerSettings });
  const tookMs: number[] = [];
  while (tookMs.length < count) {
    await keepBusy(stack);
    // Several at once, as long as somebody is left to take over.
    const victims = stack.workers.slice(0, WORKERS / 2).map((worker) => worker.process);
    tookMs.push(...(await Promise.all(victims.map((victim) => lose(victim, loss, stack)))).flat());
    await stack.heal();
  }
  return figuresOf(tookMs.slice(0, count));
}

/** More tasks than workers, always. */
async function keepBusy(stack: Stack): Promise<void> {
  const open = await stack.db.selectFrom('tasks').select('id').where('state', '=', 'queued').execute();
  if (open.length < WORKERS * 4) for (let i = 0; i < 4; i++) await uploadVideo(stack, VIDEO_SECONDS);
}

async function lose(victim: RoleProcess, loss: Loss, stack: Stack): Promise<number[]> {
  const task = await heldBy(victim.name, stack);
  const lostMs = Date.now();
  if (loss === 'killed') await victim.kill();
  else victim.freeze();
  const endMs = lostMs + HANDED_ON_DEADLINE_MS;
  for (;;) {
    const next = await stack.db
      .selectFrom('events')
      .select(['at', 'to_state'])
      .where('task_id', '=', task.id)
      .where('to_state', 'in', ['leased', 'done'])
      .where((eb) => eb.or([eb('attempt', '>', task.attempt), eb('to_state', '=', 'done')]))
      .orderBy('id')
      .executeTakeFirst();
    // Done means that it was settled just before the loss.
    if (next) return next.to_state === 'done' ? [] : [next.at.getTime() - lostMs];
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
      .executeTakeFirstOrThrow(),
  );
}
