/** Playing on for this long shows that the last restart has helped. */
const PROGRESS_SECONDS = 1;

/** How often, and after what wait, playback that broke off at one place may be tried again. */
export type RestartBudget = {
  /** The wait before the next try, or undefined when there is none left. */
  next(positionSeconds: number): number | undefined;
};

/** Each failure in a row takes the next delay; a failure further on in the video begins from the first. */
export function createRestartBudget(delaysMs: readonly number[]): RestartBudget {
  let used = 0;
  let brokeOffAt = Number.NEGATIVE_INFINITY;
  return {
    next(positionSeconds) {
      if (Math.abs(positionSeconds - brokeOffAt) > PROGRESS_SECONDS) used = 0;
      brokeOffAt = positionSeconds;
      used += 1;
      return delaysMs[used - 1];
    },
  };
}
