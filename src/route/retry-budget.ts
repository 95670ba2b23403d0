import type { Clock } from '../domain/ports.ts';

export type RetryBudget = {
  /** A client's request came in. */
  noteRequest(): void;
  /** Takes one retry out of the budget; false when there is none left. */
  take(): boolean;
};

/** Of the requests of the last seconds, this share may be asked a second time… */
const SHARE = 0.2;
/** …and this many a second in any case, so that a quiet router can retry, too. */
const FLOOR_PER_SECOND = 10;
/** Long enough that the silence of an edge, noticed all at once after a second, fits in. */
const WINDOW_SECONDS = 10;

/**
 * Keeps retries a small part of the load: when everything fails, edges and store get a fifth more requests and not
 * three times as many. Counted over a sliding window of whole seconds (the idea is Finagle's RetryBudget).
 */
export function createRetryBudget(clock: Clock): RetryBudget {
  const slots = Array.from({ length: WINDOW_SECONDS }, () => ({ second: -1, requests: 0, retries: 0 }));

  return {
    noteRequest: () => {
      slotNow().requests++;
    },
    take: () => {
      const slot = slotNow();
      const oldest = slot.second - WINDOW_SECONDS + 1;
      let left = FLOOR_PER_SECOND * WINDOW_SECONDS;
      for (const { second, requests, retries } of slots) if (second >= oldest) left += requests * SHARE - retries;
      if (left < 1) return false;
      slot.retries++;
      return true;
    },
  };

  function slotNow() {
    const second = Math.floor(clock.nowMs() / 1000);
    const slot = slots[second % WINDOW_SECONDS] ?? { second, requests: 0, retries: 0 };
    if (slot.second !== second) Object.assign(slot, { second, requests: 0, retries: 0 });
    return slot;
  }
}
