import { setTimeout as delay } from 'node:timers/promises';
import type { VideoId } from '../domain/ids.ts';
import type { LogEvent } from '../domain/log-events.ts';
import { multivariantKey } from '../domain/object-keys.ts';
import type { Clock, ObjectStore } from '../domain/ports.ts';
import { Coalescer } from '../lib/coalesce.ts';
import type { Log } from '../lib/log.ts';

export type StoreOutcome = 'ok' | 'failed';

export type StoreHealth = {
  /** What is known about the store, at most a few seconds old; waits a moment only when nothing is known yet. */
  look(): Promise<StoreOutcome>;
  /** What was seen last; a store that was never asked is taken for up. */
  isUp(): boolean;
  /** Every real read tells, too. */
  note(outcome: StoreOutcome): void;
};

type Deps = { readonly store: Pick<ObjectStore, 'head'>; readonly clock: Clock; readonly log: Log<LogEvent> };

const LOOK_AGAIN_AFTER_MS = 2000;
const LOOK_DEADLINE_MS = 5000;
/** A health probe must be answered well within the router's 1 s, also while the store hangs. */
const WAIT_FOR_LOOK_MS = 400;

/**
 * An edge only reads, and may have no right to write: so the question is a `head` of a key that nobody has, to
 * which "not there" is a good answer.
 */
const NOBODYS_KEY = multivariantKey({ videoId: '0000000000000000' as VideoId });

export function createStoreHealth({ store, clock, log }: Deps): StoreHealth {
  const looks = new Coalescer<StoreOutcome>();
  let last: { readonly outcome: StoreOutcome; readonly atMs: number } | undefined;

  return {
    note,
    isUp: () => last?.outcome !== 'failed',
    look: async () => {
      if (last && clock.nowMs() - last.atMs < LOOK_AGAIN_AFTER_MS) return last.outcome;
      const newLook = looks.run('store', lookNow).value;
      const found = await Promise.race([newLook, delay(WAIT_FOR_LOOK_MS, undefined, { ref: false })]);
      return found ?? last?.outcome ?? 'failed';
    },
  };

  async function lookNow(): Promise<StoreOutcome> {
    const outcome = await store.head(NOBODYS_KEY, { signal: AbortSignal.timeout(LOOK_DEADLINE_MS) }).then(
      () => 'ok' as const,
      () => 'failed' as const,
    );
    note(outcome);
    return outcome;
  }

  function note(outcome: StoreOutcome): void {
    if (outcome !== (last?.outcome ?? 'ok')) log.warn('health_changed', { check: 'objectStore', outcome });
    last = { outcome, atMs: clock.nowMs() };
  }
}
