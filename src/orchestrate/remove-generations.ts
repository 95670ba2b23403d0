import type { RetiredGenerations } from '../domain/growth.ts';
import type { LogEvent } from '../domain/log-events.ts';
import { generationPrefix } from '../domain/object-keys.ts';
import type { ObjectStore } from '../domain/ports.ts';
import type { Log } from '../lib/log.ts';

export type RemoveDeps = {
  readonly retired: RetiredGenerations;
  readonly store: Pick<ObjectStore, 'deletePrefix'>;
  readonly log: Log<LogEvent>;
};

/** Bounds one round; what is left comes in the next. */
const GENERATIONS_PER_ROUND = 10;

/** Removes the objects of generations that nobody can play any more. True when there may be more. */
export async function removeGenerations({ retired, store, log }: RemoveDeps): Promise<boolean> {
  const due = await retired.due(GENERATIONS_PER_ROUND);
  for (const of of due) {
    const objects = await store.deletePrefix(generationPrefix(of));
    await retired.removed(of);
    log.info('generation_removed', { ...of, objects });
  }
  return due.length === GENERATIONS_PER_ROUND;
}
