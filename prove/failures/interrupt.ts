import { setTimeout as delay } from 'node:timers/promises';
import { firstOf, timeOf } from './log-tail.ts';
import type { Platform, Video } from './platform.ts';

/** An attempt in its middle: its worker is frozen, and has stored some of its segments. */
export type Interrupted = {
  readonly worker: string;
  readonly taskId: string;
  readonly attempt: number;
  readonly frozenMs: number;
};

/** Something that was on its way when the worker was frozen has arrived by then. */
const ON_THE_WAY_MS = 200;

/** Freezes a worker in the middle of a chunk of the video. */
export async function interrupt(platform: Platform, { id: videoId }: Video): Promise<Interrupted> {
  for (let sinceMs = 0; ; ) {
    const stored = await platform.logged({ event: 'segment_stored', videoId, kind: 'encode' }, sinceMs);
    const frozenMs = await platform.signal(stored.node, 'SIGSTOP');
    await delay(ON_THE_WAY_MS);
    const { taskId = '', attempt = 0, node: worker } = stored;
    const isOver = firstOf(await platform.logs.lines(), { event: 'task_done', taskId }, 0);
    if (!isOver) return { worker, taskId, attempt, frozenMs };
    await platform.signal(worker, 'SIGCONT');
    // Others may be in the middle of theirs since then.
    sinceMs = timeOf(stored) + 1;
  }
}
