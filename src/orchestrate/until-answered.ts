import type { LogEvent } from '../domain/log-events.ts';
import { isCodedError } from '../lib/http.ts';
import type { Log } from '../lib/log.ts';
import { pause } from '../lib/pause.ts';

const AGAIN_MS = 500;
/** Longer than a database is restarted or moved; a single statement that always takes too long must end some time. */
const PATIENCE_MS = 10 * 60_000;

type Untold = {
  /** No further try after it has aborted. */
  readonly signal: AbortSignal;
  readonly log: Log<LogEvent>;
};

/**
 * Says something to the database until it is heard or refused: a holder that gave up would look as if it were lost.
 * While the database is away nobody can take its task, however long ago the lease ended.
 */
export async function untilAnswered<T>(say: () => Promise<T>, { signal, log }: Untold): Promise<T> {
  const endMs = performance.now() + PATIENCE_MS;
  for (let tries = 1; ; tries++) {
    try {
      return await say();
    } catch (err) {
      if (!isDatabaseAway(err) || signal.aborted || performance.now() > endMs) throw err;
      if (tries === 1) log.error('queue_error', { err });
      await pause(AGAIN_MS, signal);
    }
  }
}

export const isDatabaseAway = (error: unknown): boolean => isCodedError(error) && error.code === 'database_unavailable';
