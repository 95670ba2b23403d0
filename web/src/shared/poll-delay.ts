/** While something is being made, its progress should move like a clock. */
const LIVE_MS = 1000;
/** With nothing under way, only another window or another person changes the list. */
const IDLE_FIRST_MS = 5000;
const IDLE_MOST_MS = 30_000;
/** What changes is told by a stream; this is for what it does not tell. */
const TOLD_MS = 30_000;
/** Nobody looks at a hidden tab; it is asked again at once when it comes back. */
const HIDDEN_MS = 60_000;
/** A server that restarts is back within seconds; one that is gone should not be hammered. */
const FAILED_MOST_MS = 15_000;

export type PollSituation = {
  /** Something is neither ready nor failed. */
  readonly live: boolean;
  readonly hidden: boolean;
  /** A stream of events tells of changes. */
  readonly told: boolean;
  /** Requests in a row that failed. */
  readonly failures: number;
  /** Answers in a row that showed nothing under way. */
  readonly idleAnswers: number;
};

/** How long to wait before asking the server again. */
export function pollDelayMs({ live, hidden, told, failures, idleAnswers }: PollSituation): number {
  if (hidden) return HIDDEN_MS;
  if (failures > 0) return Math.min(LIVE_MS * 2 ** (failures - 1), FAILED_MOST_MS);
  if (told) return TOLD_MS;
  if (live) return LIVE_MS;
  return Math.min(IDLE_FIRST_MS * 1.5 ** Math.max(idleAnswers - 1, 0), IDLE_MOST_MS);
}
