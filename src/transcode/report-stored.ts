import type { LogEvent } from '../domain/log-events.ts';
import type { TaskLender } from '../domain/ports.ts';
import type { LentTask, StoredRendition } from '../domain/tasks.ts';
import type { Log } from '../lib/log.ts';
import { pause } from '../lib/pause.ts';

export type ReportDeps = { readonly lender: Pick<TaskLender, 'report'>; readonly log: Log<LogEvent> };

export type Report = {
  /** Segments that stand in the store now. */
  readonly add: (stored: StoredRendition) => void;
  [Symbol.asyncDispose](): Promise<void>;
};

/** Shorter than a lease; a report that is late is worth nothing. */
const REPORT_DEADLINE_MS = 5_000;
/** The first segment is told at once; after that a player has some to go on with. */
const PAUSE_MS = 1_000;

/**
 * Tells the orchestrator what is stored while the task still goes on, so that it can be played. Nothing depends on it:
 * what could not be told is told with the next report, and all of it when the task is done.
 */
export function reportStored(task: LentTask, { lender, log }: ReportDeps): Report {
  const ended = new AbortController();
  let untold: StoredRendition[] = [];
  let telling: Promise<void> | undefined;

  const tell = async (): Promise<void> => {
    while (untold.length > 0 && !ended.signal.aborted) {
      const told = untold;
      untold = [];
      try {
        await lender.report(task, told, AbortSignal.any([ended.signal, AbortSignal.timeout(REPORT_DEADLINE_MS)]));
      } catch (err) {
        if (ended.signal.aborted) return;
        // A lost lease is noticed by whoever keeps it.
        log.warn('orchestrator_unreachable', { err });
        untold = [...told, ...untold];
      }
      await pause(PAUSE_MS, ended.signal);
    }
    telling = undefined;
  };

  return {
    add(stored) {
      untold.push(stored);
      telling ??= tell();
    },
    async [Symbol.asyncDispose]() {
      ended.abort();
      await telling;
    },
  };
}
