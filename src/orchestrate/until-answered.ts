import { isCodedError } from '../lib/http.ts';
import { pause } from '../lib/pause.ts';

const AGAIN_MS = 500;

/**
 * Says something to the database until it is heard or refused: a holder that gave up would look as if it were lost.
 * While the database is away nobody can take its task, however long ago the lease ended.
 * @param signal no further try after it has aborted.
 */
export async function untilAnswered<T>(say: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (;;) {
    try {
      return await say();
    } catch (error) {
      if (!isDatabaseAway(error) || signal.aborted) throw error;
      await pause(AGAIN_MS, signal);
    }
  }
}

export const isDatabaseAway = (error: unknown): boolean => isCodedError(error) && error.code === 'database_unavailable';
