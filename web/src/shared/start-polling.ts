import { pollDelayMs } from './poll-delay.ts';

export type Polling = {
  /** Asks at once, instead of at the end of the wait. */
  refresh(): void;
  stop(): void;
};

export type PollingOptions<T> = {
  readonly load: (signal: AbortSignal) => Promise<T>;
  readonly isLive: (answer: T) => boolean;
  readonly onAnswer: (answer: T) => void;
  readonly onFailure: (error: unknown) => void;
  readonly isHidden: () => boolean;
  /** Whether a stream of events tells of changes; when that breaks, {@link Polling.refresh} is due. */
  readonly isTold: () => boolean;
  /** Calls back once after the wait; the answer cancels it. */
  readonly after: (ms: number, callback: () => void) => () => void;
};

/** Asks again and again, one request at a time, as often as the situation calls for, until stopped. */
export function startPolling<T>(options: PollingOptions<T>): Polling {
  const stopping = new AbortController();
  let failures = 0;
  let idleAnswers = 0;
  let live = false;
  let asking = false;
  let askAgain = false;
  let cancelWait = () => {};

  async function ask(): Promise<void> {
    if (asking) {
      askAgain = true;
      return;
    }
    asking = true;
    cancelWait();
    await askOnce();
    asking = false;
    if (stopping.signal.aborted) return;
    const delayMs = askAgain
      ? 0
      : pollDelayMs({ live, hidden: options.isHidden(), told: options.isTold(), failures, idleAnswers });
    askAgain = false;
    cancelWait = options.after(delayMs, () => void ask());
  }

  async function askOnce(): Promise<void> {
    try {
      const answer = await options.load(stopping.signal);
      if (stopping.signal.aborted) return;
      failures = 0;
      live = options.isLive(answer);
      idleAnswers = live ? 0 : idleAnswers + 1;
      options.onAnswer(answer);
    } catch (error) {
      if (stopping.signal.aborted) return;
      failures += 1;
      options.onFailure(error);
    }
  }

  void ask();
  return {
    refresh: () => {
      if (!stopping.signal.aborted) void ask();
    },
    stop: () => {
      stopping.abort();
      cancelWait();
    },
  };
}
