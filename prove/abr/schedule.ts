/** What the line carries from a time on. */
export type Step = { readonly atSeconds: number; readonly bitsPerSecond: number };

/**
 * Plenty for the top rung; then so little that the top two rungs are out of reach; then less, but still well above the
 * lowest rung with its sound; then plenty again. The falls come when a player has some seconds in hand, and the last part
 * is long, since players go up late: hls.js takes its time to believe in a line that was slow.
 */
export const SCHEDULE: readonly Step[] = [
  { atSeconds: 0, bitsPerSecond: 12_000_000 },
  { atSeconds: 16, bitsPerSecond: 1_500_000 },
  { atSeconds: 32, bitsPerSecond: 800_000 },
  { atSeconds: 48, bitsPerSecond: 12_000_000 },
];

/** Of the video: two minutes and a half. */
export const VIDEO_SECONDS = 150;
