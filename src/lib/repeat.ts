import type { Bell } from './bell.ts';

export type RepeatOptions = {
  readonly everyMs: number;
  readonly bell: Bell;
  readonly signal: AbortSignal;
  /** Told of every failed round; the next round comes all the same. */
  readonly onError: (error: unknown) => void;
};

/** Does the work again and again until the signal aborts: at once while there was some, else at the bell or in time. */
export async function repeat(work: () => Promise<boolean>, options: RepeatOptions): Promise<void> {
  const { everyMs, bell, signal, onError } = options;
  while (!signal.aborted) {
    const heard = bell.rings;
    const outcome = await work().catch((error: unknown) => {
      onError(error);
      return 'failed' as const;
    });
    // What failed is not tried again at once, however often the bell has rung.
    if (outcome === 'failed') await bell.wait(everyMs, signal);
    else if (!outcome) await bell.wait(everyMs, signal, heard);
  }
}
