/** A segment that a viewer has whole. */
export type Arrival = {
  /** By a clock that only goes forward, and by that of the wall. */
  readonly atMs: number;
  readonly wallMs: number;
  /** How much it plays. */
  readonly seconds: number;
  readonly edge: string;
};

export type Playhead = {
  /** How long the picture stalled for want of the next segment, in all. */
  readonly stalledMs: number;
  /** How long the viewer still waits before it asks for more, so that it is never so far ahead. */
  untilWanted(nowMs: number, aheadSeconds: number): number;
};

/** Pure: a picture begins with the first segment, and stalls where the next one comes after the end of the last. */
export function playhead(arrivals: readonly Arrival[], pace: number): Playhead {
  let endsMs = arrivals[0]?.atMs ?? 0;
  let stalledMs = 0;
  for (const { atMs, seconds } of arrivals) {
    stalledMs += Math.max(0, atMs - endsMs);
    endsMs = Math.max(endsMs, atMs) + (seconds * 1000) / pace;
  }
  return {
    stalledMs,
    untilWanted: (nowMs, aheadSeconds) => Math.max(0, endsMs - (aheadSeconds * 1000) / pace - nowMs),
  };
}
