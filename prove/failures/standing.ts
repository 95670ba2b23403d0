/** A segment that a viewer has whole. */
export type Arrival = {
  /** By a clock that only goes forward, and by that of the wall. */
  readonly atMs: number;
  readonly wallMs: number;
  /** How much it plays. */
  readonly seconds: number;
  readonly edge: string;
};

export type Standing = {
  /** How long the picture stood for want of the next segment, in all. */
  readonly stoodMs: number;
  /** How long the viewer still waits before it asks for more, so that it is never so far ahead. */
  untilWanted(nowMs: number, aheadSeconds: number): number;
};

/** Pure: a picture begins with the first segment, and stands where the next one comes after the end of the last. */
export function standing(arrivals: readonly Arrival[], pace: number): Standing {
  let endsMs = arrivals[0]?.atMs ?? 0;
  let stoodMs = 0;
  for (const { atMs, seconds } of arrivals) {
    stoodMs += Math.max(0, atMs - endsMs);
    endsMs = Math.max(endsMs, atMs) + (seconds * 1000) / pace;
  }
  return {
    stoodMs,
    untilWanted: (nowMs, aheadSeconds) => Math.max(0, endsMs - (aheadSeconds * 1000) / pace - nowMs),
  };
}
